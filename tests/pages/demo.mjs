// `sesame demo`, started and ended; what it prints says where everything is.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

const READY_MS = 30_000;

export const startDemo = async (program) => {
  const child = spawn(program, ["demo", "--to", "+86 139 0000 1234"], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, LANG: "C", LC_ALL: "C" },
  });
  const urls = [];
  let key;
  await new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error("the demo did not get ready")), READY_MS);
    child.once("exit", (code) => reject(new Error(`the demo ended with ${code}`)));
    createInterface({ input: child.stdout }).on("line", (line) => {
      if (line.startsWith("ready ")) urls.push(line.slice(6).trim());
      key ??= line.match(/sk_[0-9a-f]{12}_\S+/)?.[0];
      if (line.startsWith("Ctrl-C")) {
        clearTimeout(late);
        resolve();
      }
    });
  });
  const [page, app, server, emulator] = urls;
  const stop = () =>
    new Promise((resolve) => {
      child.removeAllListeners("exit");
      child.once("exit", resolve);
      child.kill("SIGTERM");
    });
  return { page, app, server, emulator, key, own: urls, stop };
};

/** What the phone of a number got last. */
export const codeOf = async (emulator, number) => {
  const url = `${emulator}/_emulator/messages?latest=1&to=${encodeURIComponent(number)}`;
  const answer = await (await fetch(url)).json();
  const [message] = answer.messages ?? answer;
  return message?.text.match(/\d{6}/)?.[0];
};
