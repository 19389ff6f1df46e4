// Filter, search and sort for the overview. Without it the page shows everything.
"use strict";
(() => {
  const form = document.querySelector("form.filter");
  const table = document.querySelector("#recipes");
  if (!form || !table) return;
  const body = table.tBodies[0];
  const rows = [...body.rows];
  const query = document.querySelector("#q");
  const state = document.querySelector("#state");
  const count = document.querySelector("#count");

  const show = () => {
    const words = query.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of rows) {
      const text = row.textContent.toLowerCase();
      const fits = (!state.value || row.dataset.states.split(" ").includes(state.value)) && words.every((w) => text.includes(w));
      row.hidden = !fits;
      shown += fits ? 1 : 0;
    }
    count.textContent = `${shown} of ${rows.length} recipes`;
  };
  // the address holds the query, so that a filtered view can be sent to somebody
  const keep = () => {
    const asked = new URLSearchParams();
    if (query.value) asked.set("q", query.value);
    if (state.value) asked.set("state", state.value);
    try { history.replaceState(null, "", asked.size ? `?${asked}${location.hash}` : location.pathname + location.hash); } catch { /* a browser that forbids it for files */ }
  };
  const asked = new URLSearchParams(location.search);
  query.value = asked.get("q") || "";
  state.value = [...state.options].some((o) => o.value === asked.get("state")) ? asked.get("state") : "";
  form.hidden = false;
  form.addEventListener("submit", (e) => { e.preventDefault(); show(); keep(); });
  form.addEventListener("input", () => { show(); keep(); });
  show();

  [...table.tHead.rows[0].cells].forEach((head, n) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const up = head.getAttribute("aria-sort") !== "ascending";
      for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      const value = (row) => row.cells[n].textContent.trim();
      const order = new Intl.Collator("en", { numeric: true }).compare;
      rows.sort((a, b) => (up ? 1 : -1) * order(value(a), value(b)));
      body.append(...rows);
    });
  });
})();
