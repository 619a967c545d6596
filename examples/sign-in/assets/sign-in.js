// Puts the cursor where the code goes, and counts down to when another may be
// asked for. All else works without.
"use strict";
(() => {
  // Not in a frame: the page around it may be in use.
  if (window.top === window) document.getElementById("code")?.focus();
  const resend = document.querySelector("[data-resend-in]");
  if (!resend) return;
  const button = resend.querySelector("button");
  const label = button.textContent;
  const ends = performance.now() + Number(resend.dataset.resendIn) * 1000;
  const tick = () => {
    const left = Math.ceil((ends - performance.now()) / 1000);
    button.disabled = left > 0;
    button.textContent = left > 0 ? `${label} (${left})` : label;
    if (left > 0) setTimeout(tick, 250);
  };
  tick();
})();
