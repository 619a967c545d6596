// Finds the addon built for this machine.

import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

// Which C library Node runs on, as far as that matters: glibc names its version.
const libc = () => {
  const { report } = process;
  const { excludeNetwork } = report;
  // Or it looks up the names of all peers.
  report.excludeNetwork = true;
  const { header } = report.getReport();
  report.excludeNetwork = excludeNetwork;
  return header.glibcVersionRuntime ? 'gnu' : 'musl';
};

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
