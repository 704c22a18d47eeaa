// Whose signature on upstream's certificate is believed: the public authorities, and beside them those of the administrator's
// file, for a network whose proxy looks into TLS or a lifecycle service of one's own. A file that is replaced counts without a
// restart; one that becomes unreadable leaves what was read before.

import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls';

export interface TrustOptions {
  /** PEM. Default: none. */
  readonly file?: string | undefined;
  /** Never goes back, ms. */
  readonly monotonic: () => number;
  /** Told once for each change for the worse. */
  readonly onTrouble: (message: string) => void;
}

const LOOK_EVERY_MS = 10_000;
const MIN_VERSION = 'TLSv1.2'; // ema-api §1
const BLOCK = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

export class Trust {
  readonly #options: TrustOptions;
  #text: string | null = null;
  #context: SecureContext;
  #lookedAt: number;
  #trouble = '';

  /** Throws if the file cannot be read or holds no certificate. */
  constructor(options: TrustOptions) {
    this.#options = options;
    this.#context = createSecureContext({ minVersion: MIN_VERSION });
    this.#lookedAt = options.monotonic();
    if (options.file !== undefined) this.#read(options.file);
  }

  /** For a connection that is opened now. */
  context(): SecureContext {
    const { file, monotonic, onTrouble } = this.#options;
    if (file === undefined || monotonic() - this.#lookedAt < LOOK_EVERY_MS) return this.#context;
    this.#lookedAt = monotonic();
    try {
      this.#read(file);
      this.#trouble = '';
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      if (message !== this.#trouble) onTrouble(message);
      this.#trouble = message;
    }
    return this.#context;
  }

  #read(file: string): void {
    const text = readFileSync(file, 'utf8');
    if (text === this.#text) return;
    const extra = text.match(BLOCK) ?? [];
    if (extra.length === 0) throw new Error(`${file} holds no certificate (PEM)`);
    for (const [index, block] of extra.entries()) {
      try {
        void new X509Certificate(block);
      } catch {
        throw new Error(`certificate ${index + 1} of ${file} cannot be read`);
      }
    }
    // Those of Node's own settings (NODE_EXTRA_CA_CERTS), too: a list of one's own would replace them.
    this.#context = createSecureContext({ minVersion: MIN_VERSION, ca: [...getCACertificates('default'), ...extra] });
    this.#text = text;
  }
}
