// Looks for secrets, codes and whole numbers in what was written.

const SECRET_KEYS = ['accessKeySecret', 'securityToken', 'nextAccessKeySecret'];

export class Needles {
  #needles = new Map();
  #texts = [];

  // Remembers what a message and its configuration hold.
  add({ config, to, payload }) {
    for (const key of SECRET_KEYS) {
      const secret = config?.[key];
      if (typeof secret === 'string' && secret.trim().length > 5) this.#secret(secret.trim());
    }
    if (typeof payload?.code === 'string' && /^[0-9A-Za-z]{4,10}$/.test(payload.code)) this.#code(payload.code);
    // Longer than any masked number shows at its end, shorter than with any prefix.
    const digits = typeof to === 'string' ? to.replace(/\D/g, '') : '';
    if (digits.length >= 8) this.#needle('a number', digits, `${digits.slice(-8)}(?!\\d)`);
  }

  // Remembers a whole family of them, as a regular expression.
  addPattern(kind, pattern) {
    this.#needle(kind, pattern, pattern);
  }

  read(text, from) {
    this.#texts.push({ text, from });
  }

  get size() {
    return this.#texts.reduce((sum, { text }) => sum + text.length, 0);
  }

  get count() {
    return this.#needles.size;
  }

  // What was found, as sentences.
  found(texts = this.#texts) {
    const all = [...this.#needles.values()].map(({ pattern }) => pattern);
    if (all.length === 0) return [];
    const any = new RegExp(all.join('|'), 'g');
    const found = new Set();
    for (const { text, from } of texts) {
      for (const match of text.matchAll(any)) {
        const { index } = match;
        const line = text.slice(Math.max(0, index - 200), index + 200).replaceAll('\n', '\\n');
        found.add(`${from} wrote ${this.#kindOf(match[0])}: …${line}…`);
        if (found.size > 20) return [...found];
      }
    }
    return [...found];
  }

  #kindOf(text) {
    const needle = [...this.#needles.values()].find(({ pattern }) => new RegExp(`^(?:${pattern})$`).test(text));
    return needle?.kind ?? 'something';
  }

  #secret(secret) {
    this.#needle('a secret', secret, escape(secret));
    const encoded = encodeURIComponent(secret);
    if (encoded !== secret) this.#needle('a secret', encoded, escape(encoded));
    const base64 = Buffer.from(secret).toString('base64').replace(/=+$/, '').slice(0, -1);
    this.#needle('a secret', base64, escape(base64));
  }

  // Six digits may be part of a time or a count by chance: as a code they stand
  // by themselves, or after an encoded quotation mark.
  #code(code) {
    if (/^0+$/.test(code)) return;
    const isNumber = /^\d+$/.test(code);
    const [before, after] = isNumber ? ['(?:%22|%2522|(?<![0-9.:-]))', '(?![0-9.])'] : ['', ''];
    this.#needle('a code', code, `${before}${escape(code)}${after}`);
  }

  #needle(kind, key, pattern) {
    this.#needles.set(`${kind} ${key}`, { kind, pattern });
  }
}

const escape = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
