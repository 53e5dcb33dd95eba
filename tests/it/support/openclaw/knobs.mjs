// What only a test double has: how it misbehaves, and a record of what happened to it.

import fs from "node:fs";
import net from "node:net";
import path from "node:path";

const record = process.env.STANDIN_RECORD;

/** Adds a line to a file of the record. A token gets here only from a command line that has it. */
export function note(file, line) {
  if (record) fs.appendFileSync(path.join(record, file), `${line}\n`);
}

/**
 * `html`, `502`, `503`: answers as a proxy in front of it would; `close`: ends connections without
 * a word; `hang`: never answers; `deaf`: does not listen.
 */
export function behaviour() {
  try {
    return fs.readFileSync(path.join(record ?? "", "behave"), "utf8").trim();
  } catch {
    return process.env.STANDIN_BEHAVE ?? "";
  }
}

/** Waits until somebody has written to the FIFO that this variable names, if it names one. */
export async function gate(variable) {
  const file = process.env[variable];
  if (file) await fs.promises.readFile(file);
}

export function milliseconds(variable, otherwise) {
  return Number(process.env[variable] ?? otherwise);
}

let events;
if (process.env.STANDIN_EVENTS) {
  events = net.connect(process.env.STANDIN_EVENTS);
  // who listens may be gone before we are
  events.on("error", () => {});
  events.unref();
}

function say(line) {
  process.stdout.write(`${line}\n`);
  events?.write(`${line}\n`);
}

/** The gateway's log, which is its standard output. */
export function log(part, text) {
  const now = new Date().toISOString().replace("Z", "+00:00");
  say(part ? `${now} [${part}] ${text}` : `${now} ${text}`);
}

/** The same before the log has begun, where the real one writes no time. */
export const plain = say;
