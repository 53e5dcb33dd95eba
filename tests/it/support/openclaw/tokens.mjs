// Which token a gateway accepts: the order of section 3.1, and what it refuses.

import { spawnSync } from "node:child_process";
import crypto from "node:crypto";
import fs from "node:fs";
import path from "node:path";

import { REDACTED, isObject, substitute } from "./config.mjs";
import { Unresolved } from "./errors.mjs";
import { secrets } from "./state.mjs";
import * as words from "./words.mjs";

const ENV = "OPENCLAW_GATEWAY_TOKEN";
const UNRESOLVED = /\$\{[A-Z_][A-Z0-9_]*\}/;

/** The environment with `env.vars`, which fill what is missing or empty. */
export function withVars(config, env) {
  const all = { ...env };
  for (const [name, value] of Object.entries(config.env?.vars ?? {})) {
    if (!all[name]) all[name] = value;
  }
  return all;
}

/** A text that as a whole stands for a variable, as the reference that it is. */
function reference(token) {
  if (isObject(token)) return token;
  const name = /^\$(?:\{([A-Z][A-Z0-9_]*)\}|([A-Z][A-Z0-9_]*))$/.exec(token ?? "");
  return name && { source: "env", provider: "default", id: name[1] ?? name[2] };
}

function checked(token) {
  const text = token.trim();
  if (text === REDACTED) throw new Error(words.SENTINEL);
  if (["", "undefined", "null"].includes(text)) throw new Error(words.WEAK);
  return text;
}

/**
 * What the config and the environment come to: `token` and where it is `from`, or neither of them.
 * `at` is "start" or "reload": an empty text and a missing variable are not taken alike there.
 */
export function resolve(config, env, where, at) {
  const all = withVars(config, env);
  const fallback = all[ENV]?.trim();
  const token = config.gateway?.auth?.token;
  const found = reference(token);
  if (found) {
    const missing = typeof token === "string" && !all[found.id];
    // measured: a variable that is not there is fatal beside another token, and forgiven without
    if (missing && at === "start" && !fallback) return {};
    return { token: checked(follow(found, config, all, where)), from: `ref-${found.source}` };
  }
  if (token !== undefined && !(token === "" && at === "start")) {
    const text = substitute(token, all);
    if (!UNRESOLVED.test(text)) return { token: checked(text), from: "config" };
  }
  if (fallback) return { token: checked(fallback), from: "environment" };
  if (at === "reload") throw new Error(words.NO_TOKEN);
  return {};
}

export const generated = () => ({
  token: crypto.randomBytes(24).toString("hex"),
  from: "generated",
});

function follow({ source, provider, id }, config, env, where) {
  const { providers = {}, defaults = {} } = config.secrets ?? {};
  const settings = providers[provider];
  const implied = provider === (defaults[source] ?? "default");
  if (settings ? settings.source !== source : !(implied && ["env", "store"].includes(source))) {
    throw new Unresolved(`Secret provider "${provider}" is not configured.`);
  }
  return SOURCES[source](id, settings ?? {}, env, where);
}

const SOURCES = { env: fromEnv, file: fromFile, exec: fromExec, store: fromStore };

function fromEnv(id, { allowlist }, env) {
  if (allowlist && !allowlist.includes(id)) {
    throw new Unresolved(`Environment variable "${id}" is not allowlisted.`);
  }
  if (!env[id]) throw new Unresolved(`Environment variable "${id}" is missing or empty.`);
  return env[id];
}

function fromStore(id, _settings, _env, where) {
  const entry = secrets(where)[id];
  if (!entry) throw new Unresolved(`Secret store entry "${id}" was not found.`);
  return entry.value;
}

/** Files and programs are only trusted if nobody else can change or read them. */
function trusted(file, forbidden) {
  let found;
  try {
    found = fs.lstatSync(file);
  } catch {
    throw new Unresolved(`${file} cannot be read.`);
  }
  const own = found.isFile() && found.uid === process.getuid() && !(found.mode & forbidden);
  if (!own || !path.isAbsolute(file)) throw new Unresolved(`${file} is not a private regular file.`);
  return found;
}

function fromFile(id, { path: named, mode = "json" }, _env, where) {
  const file = named.startsWith("~/") ? path.join(where.home, named.slice(2)) : named;
  if (trusted(file, 0o077).nlink !== 1) throw new Unresolved(`${file} must not be hardlinked.`);
  const text = fs.readFileSync(file, "utf8");
  if (mode === "singleValue") {
    if (id !== "value") throw new Unresolved('A singleValue provider has the id "value".');
    return text.replace(/\r?\n$/, "");
  }
  if (!id.startsWith("/")) throw new Unresolved("A file id is an absolute JSON pointer.");
  const steps = id.slice(1).split("/");
  const names = steps.map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
  const value = names.reduce((part, name) => part?.[name], JSON.parse(text));
  if (typeof value !== "string") throw new Unresolved(`JSON pointer "${id}" was not found.`);
  return value;
}

function fromExec(id, { command, args = [], passEnv = [], env: own = {}, jsonOnly = true }, env) {
  trusted(command, 0o022);
  const passed = Object.fromEntries(passEnv.map((name) => [name, env[name]]));
  const input = JSON.stringify({ protocolVersion: 1, provider: "exec", ids: [id] });
  const ran = spawnSync(command, args, { input, env: { ...passed, ...own }, encoding: "utf8" });
  if (ran.status !== 0) throw new Unresolved(`Exec provider failed for "${id}".`);
  try {
    const value = JSON.parse(ran.stdout).values?.[id];
    if (typeof value === "string") return value;
  } catch {
    if (!jsonOnly) return ran.stdout.replace(/\r?\n$/, "");
  }
  throw new Unresolved(`Exec provider has no value for "${id}".`);
}
