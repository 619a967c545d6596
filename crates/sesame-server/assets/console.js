// Refreshes what is worth following, as long as somebody looks. Nothing needs it.
"use strict";
(() => {
  const live = document.getElementById("live");
  if (!live) return;
  const state = document.getElementById("live-state");
  let pause = 3000;
  const refresh = async () => {
    if (document.visibilityState === "visible" && !live.contains(document.activeElement)) {
      try {
        const answer = await fetch(location.href, { headers: { "x-sesame-live": "1" }, redirect: "error" });
        if (answer.status === 401) return;
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        const fresh = answer.ok && page.getElementById("live");
        if (fresh && fresh.innerHTML !== live.dataset.seen) {
          const open = [...live.querySelectorAll("details")].map((one) => one.open);
          if (live.dataset.seen !== undefined || fresh.innerHTML !== live.innerHTML) {
            live.replaceChildren(...fresh.childNodes);
            live.querySelectorAll("details").forEach((one, at) => { one.open = open[at] === true; });
            if (state) state.textContent = state.dataset.changed;
          }
          live.dataset.seen = live.innerHTML;
        }
        pause = 3000;
      } catch {
        pause = Math.min(pause * 2, 60000);
      }
    }
    setTimeout(refresh, pause);
  };
  setTimeout(refresh, pause);
})();
