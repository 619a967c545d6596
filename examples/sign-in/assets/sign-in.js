// Counts down to when another code may be asked for. All else works without.
"use strict";
(() => {
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
