// How a command, a start or a look-up ends early.

/** A word on standard error, and a status. */
export class Failed extends Error {
  constructor(message, status = 1) {
    super(message);
    this.status = status;
  }
}

/** A reference that leads nowhere. */
export class Unresolved extends Error {
  name = "SecretRefResolutionError";
}
