// Keeps what is live on a page up to date, by asking for the page again and
// taking its part with the id `live`. Whatever it shows was escaped on the server.
"use strict";
(() => {
  const live = document.getElementById("live");
  if (!live) return;
  const state = document.getElementById("state");
  const announce = document.getElementById("announce");
  const PAUSE_MS = 300;

  const local = () => {
    for (const time of document.querySelectorAll("time.when")) {
      const date = new Date(time.dateTime);
      if (!Number.isNaN(date.valueOf())) time.title = date.toLocaleString();
    }
  };
  const draw = async () => {
    const answer = await fetch(location.href);
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById("live");
    if (fresh && !fresh.isEqualNode(live)) live.replaceChildren(...fresh.childNodes);
    local();
  };

  // One drawing at a time, and one more for what happened meanwhile. Not while
  // somebody is at a button in there: it would vanish under their hands.
  let isDrawing = false;
  let isStale = false;
  const isInUse = () => live.contains(document.activeElement);
  const refresh = () => {
    isStale = true;
    if (isDrawing || isInUse()) return;
    isDrawing = true;
    isStale = false;
    draw()
      .catch(() => {})
      .then(() => new Promise((resolve) => setTimeout(resolve, PAUSE_MS)))
      .then(() => {
        isDrawing = false;
        if (isStale) refresh();
      });
  };
  live.addEventListener("focusout", () => setTimeout(() => { if (isStale) refresh(); }));

  // What came between drawing the page and listening is not in the stream, so
  // the page is drawn again whenever listening begins.
  const say = (name) => { if (state) state.textContent = state.dataset[name]; };
  const events = new EventSource("/_emulator/events");
  events.addEventListener("open", () => { say("liveText"); refresh(); });
  events.addEventListener("error", () => say("offlineText"));
  events.addEventListener("message", (event) => {
    if (announce) announce.textContent = `${announce.dataset.new} ${JSON.parse(event.data).to}`;
    refresh();
  });
  events.addEventListener("status", refresh);
  events.addEventListener("cleared", refresh);
  local();
})();
