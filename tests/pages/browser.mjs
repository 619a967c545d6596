// A browser, and what it notices on every page: what goes over the wire, what
// moves, what the policy blocks, what the console says.
import { chromium } from "playwright-core";

export const WIDE = { width: 1280, height: 900 };
export const NARROW = { width: 360, height: 740 };

/** Debian's Chromium; nothing is fetched by itself. */
export const launch = (executablePath) =>
  chromium.launch({
    executablePath,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--disable-default-apps",
    ],
  });

// Runs before anything of the page, in every frame.
const observe = () => {
  window.__shift = 0;
  window.__shifted = [];
  window.__blocked = [];
  document.addEventListener("securitypolicyviolation", (event) => {
    window.__blocked.push(`${event.violatedDirective} ${event.blockedURI}`);
  });
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      if (entry.hadRecentInput) continue;
      window.__shift += entry.value;
      for (const source of entry.sources ?? []) {
        window.__shifted.push(source.node?.outerHTML?.slice(0, 120) ?? "?");
      }
    }
  }).observe({ type: "layout-shift", buffered: true });
};

/**
 * A page in a fresh profile, with a list of what went wrong in it.
 * `own` are the origins that it may ask.
 */
export const open = async (browser, own, { theme = "light", lang = "en", size = WIDE, scripts = true, state } = {}) => {
  const context = await browser.newContext({
    colorScheme: theme,
    locale: lang === "zh" ? "zh-CN" : "en-GB",
    viewport: size,
    javaScriptEnabled: scripts,
    storageState: state,
    reducedMotion: "reduce",
  });
  context.setDefaultTimeout(15_000);
  if (scripts) await context.addInitScript(observe);
  const page = await context.newPage();
  const wrong = [];
  page.on("console", (message) => {
    if (message.type() === "error") wrong.push(`console: ${message.text()} (${message.location().url})`);
  });
  page.on("pageerror", (error) => wrong.push(`script: ${error.message}`));
  page.on("request", (request) => {
    const { origin, protocol } = new URL(request.url());
    if (protocol !== "data:" && !own.includes(origin)) wrong.push(`asks ${request.url()}`);
  });
  return { context, page, wrong };
};

/** How many bytes a page takes, with all it needs, from an empty cache. */
export const weigh = async (context, page, url) => {
  const session = await context.newCDPSession(page);
  await session.send("Network.enable");
  await session.send("Network.setCacheDisabled", { cacheDisabled: false });
  let bytes = 0;
  session.on("Network.loadingFinished", (event) => { bytes += event.encodedDataLength; });
  const response = await page.goto(url, { waitUntil: "load" });
  // What is live goes on; what it begins with is there by then.
  await page.waitForTimeout(600);
  await session.detach();
  return { status: response.status(), bytes };
};

/** What the observers saw, over all frames. */
export const observed = async (page) => {
  const all = { shift: 0, shifted: [], blocked: [] };
  for (const frame of page.frames()) {
    const seen = await frame.evaluate(() => ({
      shift: window.__shift ?? 0, shifted: window.__shifted ?? [], blocked: window.__blocked ?? [],
    })).catch(() => undefined);
    if (!seen) continue;
    all.shift += seen.shift;
    all.shifted.push(...seen.shifted);
    all.blocked.push(...seen.blocked);
  }
  return all;
};
