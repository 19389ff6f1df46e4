// Follows a run in progress. The stream is closed while nobody looks, and goes on where it was.
"use strict";
(() => {
  const list = document.querySelector("[data-live]");
  if (!list || !window.EventSource || !location.protocol.startsWith("http")) return;
  const status = document.querySelector("#said");
  const failures = document.querySelector("#failed");
  const at = document.querySelector("#at");
  const bar = document.querySelector("#done");
  let position = Number(list.dataset.from);
  let stream;

  const show = (told) => {
    if (told.ended) { stream.close(); location.reload(); return; }
    if (told.said !== undefined) status.textContent = told.said;
    if (told.failed) {
      const row = document.createElement("li");
      row.textContent = told.failed;
      failures.append(row);
    }
    const row = told.step === undefined ? null : document.getElementById(`step-${told.step}`);
    if (!row) return;
    row.className = told.state;
    row.querySelector(".state").textContent = told.state;
    row.querySelector(".ms").textContent = told.ms;
    const rows = [...list.children];
    bar.value = rows.filter((r) => r.className && r.className !== "now").length;
    if (told.state === "now") at.textContent = `Step ${told.step + 1} of ${rows.length}: ${row.querySelector(".title").textContent}`;
  };
  const follow = () => {
    if (document.hidden || (stream && stream.readyState !== EventSource.CLOSED)) return;
    stream = new EventSource(`../live/${list.dataset.live}?from=${position}`);
    // what is gone, or asked for by too many, is tried again a little later
    stream.addEventListener("error", () => { if (stream.readyState === EventSource.CLOSED) setTimeout(() => location.reload(), 5000); });
    stream.addEventListener("message", (e) => { position = Number(e.lastEventId); show(JSON.parse(e.data)); });
  };
  document.addEventListener("visibilitychange", () => { if (document.hidden && stream) stream.close(); else follow(); });
  window.addEventListener("pagehide", () => stream && stream.close());
  follow();
})();
