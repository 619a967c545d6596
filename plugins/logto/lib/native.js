// Finds the addon built for this machine.

import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

// What is mapped beside Node: the file of glibc has its version in its name or
// the 6, that of musl is also its loader.
const mapped = () => {
  try {
    const maps = readFileSync('/proc/self/maps', 'utf8');
    if (/\/libc(\.so\.6|-2\.\d+\.so)$/m.test(maps)) return 'gnu';
    if (/\/ld-musl-[^/]+$|-musl\/libc\.so$/m.test(maps)) return 'musl';
  } catch {}
};

// What Node reports of itself, where nothing else tells; it costs megabytes.
const reported = () => {
  const { report } = process;
  const { excludeNetwork } = report;
  // Or it looks up the names of all peers.
  report.excludeNetwork = true;
  const { header } = report.getReport();
  report.excludeNetwork = excludeNetwork;
  return header.glibcVersionRuntime ? 'gnu' : 'musl';
};

// Which C library Node runs on, as far as that matters.
const libc = () => mapped() ?? reported();

const load = () => {
  const { platform, arch } = process;
  const target = [platform, arch, ...(platform === 'linux' ? [libc()] : [])].join('-');
  const file = fileURLToPath(new URL(`native/sesame-logto.${target}.node`, import.meta.url));
  if (!existsSync(file)) {
    throw new Error(`this package holds nothing for ${target}: there is no ${file}`);
  }
  try {
    return createRequire(import.meta.url)(file);
  } catch (cause) {
    throw new Error(`${file} does not load: ${cause?.message ?? cause}`, { cause });
  }
};

export const native = load();
