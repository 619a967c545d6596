// Shows what happens as it happens. Whatever it shows was escaped on the server.
"use strict";
(() => {
  const EVERY_MS = 1000;
  const look = async () => {
    if (document.hidden) return;
    const answer = await fetch(location.href);
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const id of ["live", "clock"]) {
      const [old, fresh] = [document.getElementById(id), page.getElementById(id)];
      if (fresh && !fresh.isEqualNode(old)) old.replaceChildren(...fresh.childNodes);
    }
  };
  const again = () => look().catch(() => {}).finally(() => setTimeout(again, EVERY_MS));
  setTimeout(again, EVERY_MS);
})();
