// Compares any two runs. Each run's data is a script that calls `ccciRun`: a page that is read from a disk may load that.
"use strict";
(() => {
  const notable = 1000;
  const result = document.querySelector("#result");
  const asked = new URLSearchParams(location.search);
  const ids = ["a", "b"].map((name) => asked.get(name) || "");
  ["a", "b"].forEach((name, n) => { document.getElementById(name).value = ids[n]; });
  if (!ids.every((id) => /^[A-Za-z0-9][A-Za-z0-9-]{0,99}$/.test(id))) return;

  const element = (name, text, attributes = {}) => {
    const made = document.createElement(name);
    if (text !== undefined) made.textContent = text;
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    return made;
  };
  const span = (ms) => (ms < 1000 ? `${ms}ms` : ms < 120000 ? `${(ms / 1000).toFixed(1)}s` : `${Math.floor(ms / 60000)}m${Math.round((ms % 60000) / 1000)}s`);
  const changes = (a, b) => {
    const names = [...new Set([...Object.keys(a), ...Object.keys(b)])].sort();
    return names.filter((name) => a[name] !== b[name]).map((name) => [name, a[name] ?? "none", b[name] ?? "none"]);
  };
  const times = (a, b) => Object.keys(a).filter((name) => {
    const by = Math.abs((b[name] ?? a[name]) - a[name]);
    return by >= notable && by >= a[name] / 4;
  }).map((name) => [name, span(a[name]), span(b[name])]);

  const draw = (a, b) => {
    const table = element("table", undefined, { class: "diff" });
    const head = table.createTHead().insertRow();
    for (const word of ["What", "Before", "After"]) head.append(element("th", word, { scope: "col" }));
    const same = [];
    const part = (title, found) => {
      const body = table.createTBody();
      body.insertRow().append(element("th", title, { scope: "rowgroup", colspan: "3", class: "part" }));
      for (const [name, before, after] of found) {
        const row = body.insertRow();
        row.append(element("th", name, { scope: "row" }), element("td", before), element("td", after));
      }
    };
    a.parts.forEach(([title, values, input], n) => {
      const found = changes(values, b.parts[n] ? b.parts[n][1] : {});
      if (found.length) part(title, found);
      else if (input) same.push(title);
    });
    const slower = times(a.times, b.times);
    if (slower.length) part("times", slower);
    const words = element("p");
    [["Before: ", a], [" After: ", b]].forEach(([word, run]) => {
      words.append(word, element("a", `${run.title}, ${run.began.slice(0, 16).replace("T", " ")}`, { href: `run/${run.id}.html` }), ".");
    });
    const scroll = element("div", undefined, { class: "scroll", role: "group", "aria-label": "Differences", tabindex: "0" });
    scroll.append(table);
    result.replaceChildren(words, table.tBodies.length ? scroll : element("p", "No difference worth telling."));
    if (same.length) result.append(element("p", `The same: ${same.join(", ")}.`));
  };

  const found = new Map();
  window.ccciRun = (run) => {
    found.set(run.id, run);
    if (ids.every((id) => found.has(id))) draw(found.get(ids[0]), found.get(ids[1]));
  };
  for (const id of new Set(ids)) {
    const script = element("script", undefined, { src: `run/${id}.js` });
    script.addEventListener("error", () => { result.textContent = `No run of this site is called ${id}.`; });
    document.head.append(script);
  }
})();
