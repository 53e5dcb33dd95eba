// What the real one keeps in SQLite: the secret store, and the measure of the config. And the lock
// of who runs here.

import crypto from "node:crypto";
import fs from "node:fs";
import path from "node:path";

const fileOf = (where) => path.join(where.state, "state", "standin.json");

function load(where) {
  try {
    return JSON.parse(fs.readFileSync(fileOf(where), "utf8"));
  } catch {
    return { health: {}, store: {} };
  }
}

function change(where, edit) {
  const all = load(where);
  edit(all);
  const file = fileOf(where);
  fs.mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  const beside = `${file}.${process.pid}.tmp`;
  fs.writeFileSync(beside, JSON.stringify(all), { mode: 0o600 });
  fs.renameSync(beside, file);
}

export const health = (where) => load(where).health[where.config];

export function setHealth(where, fingerprint) {
  change(where, (all) => {
    all.health[where.config] = fingerprint;
  });
}

export const secrets = (where) => load(where).store;

export function setSecret(where, name, entry) {
  change(where, (all) => {
    const now = Date.now();
    const { createdAtMs = now } = all.store[name] ?? {};
    all.store[name] = { ...entry, createdAtMs, updatedAtMs: now };
  });
}

export function removeSecret(where, name) {
  change(where, (all) => {
    delete all.store[name];
  });
}

function locks(where) {
  const folder = path.join(where.state, "tmp", `openclaw-${process.getuid()}`);
  const tag = crypto.createHash("sha256").update(where.config).digest("hex").slice(0, 8);
  return ["state", tag].map((name) => path.join(folder, `gateway.${name}.lock`));
}

/** Field 22 of the process's `stat`: when it started, which tells it from a later one of its id. */
function startTime(pid) {
  const text = fs.readFileSync(`/proc/${pid}/stat`, "utf8");
  return Number(text.slice(text.lastIndexOf(")") + 2).split(" ")[19]);
}

/** The gateway that runs here: `pid` and `port`. */
export function running(where) {
  try {
    const lock = JSON.parse(fs.readFileSync(locks(where)[0], "utf8"));
    return startTime(lock.pid) === lock.startTime ? lock : undefined;
  } catch {
    return undefined;
  }
}

export function lock(where, port) {
  const text = {
    pid: process.pid,
    ownerId: crypto.randomUUID(),
    createdAt: new Date().toISOString(),
    configPath: where.config,
    stateDir: where.state,
    port,
    startTime: startTime(process.pid),
  };
  for (const file of locks(where)) {
    fs.mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
    fs.writeFileSync(file, JSON.stringify(text, null, 2), { mode: 0o600 });
  }
}

export function unlock(where) {
  for (const file of locks(where)) fs.rmSync(file, { force: true });
}
