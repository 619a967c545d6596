// A page with everything wrong, to prove that the checks find it.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { checkPage } from "./checks.mjs";

const WRONG = `<!doctype html><html lang="fr"><head><title>x</title><link rel="stylesheet" href="/large.css"></head>
<body><div id="room"></div><p>${"moved ".repeat(200)}</p><img src="http://127.0.0.1:1/far.png">
<button></button><div style="color: red">${"wide".repeat(1000)}</div>
<script src="/move.js"></script></body></html>`;
const MOVE = `setTimeout(() => { document.getElementById("room").style.setProperty("height", "300px"); }, 200);
throw new Error("broken");`;

export const findsWhatIsWrong = async (browser) => {
  const server = createServer((request, response) => {
    const path = request.url.split("?")[0];
    response.setHeader("content-security-policy", "default-src 'self' http://127.0.0.1:1");
    if (path === "/large.css") {
      return response.setHeader("content-type", "text/css").end(Buffer.alloc(150_000, " "));
    }
    if (path === "/move.js") return response.setHeader("content-type", "text/javascript").end(MOVE);
    return response.setHeader("content-type", "text/html").end(WRONG);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${server.address().port}`;
  const folder = await mkdtemp(`${tmpdir()}/sesame-pages-`);
  const found = [];
  try {
    await checkPage(browser, [origin], { name: "wrong", url: `${origin}/`, status: 201 }, (problem) => found.push(problem), folder);
  } finally {
    server.close();
    server.closeAllConnections();
    await rm(folder, { recursive: true });
  }
  const all = found.join("\n");
  for (const wanted of [
    /status 200/, /bytes were transferred/, /in the language fr/, /scrolls sideways/, /layout shift/,
    /the policy blocked style-src/, /axe image-alt/, /axe button-name/, /script: broken/, /asks http:\/\/127.0.0.1:1/,
    /without scripts/,
  ]) {
    assert.match(all, wanted);
  }
};
