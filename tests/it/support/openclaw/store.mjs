// `openclaw secrets store`: values come in by standard input and never out again.

import fs from "node:fs";

import { REDACTED } from "./config.mjs";
import { Failed } from "./errors.mjs";
import { removeSecret, running, secrets, setSecret } from "./state.mjs";
import * as words from "./words.mjs";

const NAME = /^[A-Z][A-Z0-9_]{0,127}$/;
const LARGEST = 65_536;
/** The statuses of section 7. */
const REFUSED = 2;
const MISSING = 3;

const print = (text) => process.stdout.write(`${text}\n`);

export function store([name, ...names], call) {
  switch (name) {
    case "set":
      return set(names[0], call);
    case "get":
      return get(names[0], call);
    case "list":
      return list(call);
    case "rm":
      return remove(names, call);
    default:
      throw new Failed(`OpenClaw secrets store has no command "${name}".`);
  }
}

function kindOf(name, named) {
  return named ?? (/_(API_KEY|TOKEN|PASSWORD|PRIVATE_KEY|SECRET)$/.test(name) ? "secret" : "env");
}

function valueOf({ value, "value-file": file }, kind) {
  if (value !== undefined && kind === "secret") {
    throw new Failed(words.ON_COMMAND_LINE, REFUSED);
  }
  return value ?? fs.readFileSync(file && file !== "-" ? file : 0, "utf8");
}

function hint({ where }) {
  if (running(where)) {
    print(words.STILL_RUNNING);
  }
}

function set(name, call) {
  const { options, where } = call;
  if (!NAME.test(name ?? "")) throw new Failed(`Name must match ${NAME}.`, REFUSED);
  const kind = kindOf(name, options.kind);
  const value = valueOf(options, kind);
  if (value === "" && kind === "secret") {
    throw new Failed(words.EMPTY_SECRET, REFUSED);
  }
  if (Buffer.byteLength(value) > LARGEST) throw new Failed("Secret store value is too large.", REFUSED);
  if (value === REDACTED) throw new Failed("Secret store value is a redaction placeholder.", REFUSED);
  setSecret(where, name, { kind, value });
  print(`Stored ${name} (${kind}).`);
  hint(call);
  return 0;
}

function get(name, { where }) {
  const entry = secrets(where)[name];
  if (!entry) throw new Failed(`Secret store entry "${name}" was not found.`, MISSING);
  if (entry.kind === "secret") {
    throw new Failed(words.writeOnly(name), REFUSED);
  }
  print(`${name}=${entry.value}`);
  return 0;
}

function list({ options, where }) {
  const entries = Object.entries(secrets(where)).toSorted(([one], [other]) => (one < other ? -1 : 1));
  if (options.json) {
    const shown = entries.map(([name, { kind, value, createdAtMs, updatedAtMs }]) => ({
      name,
      kind,
      scopeKind: "team",
      scopeId: "",
      updatedAtMs,
      createdAtMs,
      updatedBy: "cli",
      ...(kind === "secret" ? { allowedHosts: [] } : { valuePreview: value }),
    }));
    print(JSON.stringify(shown, null, 2));
    return 0;
  }
  for (const [name, { kind, value }] of entries) {
    const shown = kind === "secret" ? "[secret] (write-only); allowed hosts: none" : `[env] = ${value}`;
    print(`${name} ${shown}`);
  }
  return 0;
}

function remove(names, call) {
  if (!call.options.yes) {
    throw new Failed(words.unconfirmed(names.length), REFUSED);
  }
  for (const name of names) removeSecret(call.where, name);
  print(`Removed ${names.length} team store entry.`);
  hint(call);
  return 0;
}
