// What wrong credentials cost: who is exempt waits longer each time, everybody else is locked out.

import { milliseconds } from "./knobs.mjs";

const LONGEST_PENALTY = 5_000;

const isLoopback = (ip) => /^(::ffff:)?127\./.test(ip) || ip === "::1";
const pause = (time) => new Promise((resolve) => setTimeout(resolve, time));

export class Limiter {
  #clients = new Map();
  #policy;

  constructor(policy) {
    this.configure(policy);
  }

  /** New limits keep what has been counted. */
  configure({ maxAttempts = 10, windowMs = 60_000, lockoutMs = 300_000, exemptLoopback = true } = {}) {
    this.#policy = { maxAttempts, windowMs, lockoutMs, exemptLoopback };
  }

  #client(ip) {
    const now = Date.now();
    const known = this.#clients.get(ip) ?? { wrong: [], lockedUntil: 0 };
    if (known.lockedUntil && known.lockedUntil <= now) {
      known.wrong = [];
      known.lockedUntil = 0;
    }
    known.wrong = known.wrong.filter((at) => at > now - this.#policy.windowMs);
    this.#clients.set(ip, known);
    return known;
  }

  #exempt = (ip) => this.#policy.exemptLoopback && isLoopback(ip);

  /** Seconds until this client may try again; 0 if it may now. */
  locked(ip) {
    const left = this.#client(ip).lockedUntil - Date.now();
    return this.#exempt(ip) || left <= 0 ? 0 : Math.ceil(left / 1000);
  }

  right(ip) {
    this.#clients.delete(ip);
  }

  async wrong(ip) {
    const client = this.#client(ip);
    client.wrong.push(Date.now());
    if (this.#exempt(ip)) {
      const first = milliseconds("STANDIN_PENALTY_MS", 250);
      await pause(Math.min(first * 2 ** (client.wrong.length - 1), LONGEST_PENALTY));
    } else if (client.wrong.length >= this.#policy.maxAttempts) {
      client.lockedUntil = Date.now() + this.#policy.lockoutMs;
    }
  }
}
