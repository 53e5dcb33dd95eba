// The command line: what `openclaw` is asked, and the status that it ends with.

import crypto from "node:crypto";
import fs from "node:fs";

import { ask } from "./client.mjs";
import { REDACTED, VERSION, isObject, problems, readConfig, writeConfig } from "./config.mjs";
import { Failed } from "./errors.mjs";
import { Gateway } from "./gateway.mjs";
import { note } from "./knobs.mjs";
import { JSON5, places, withDotenv } from "./places.mjs";
import { running } from "./state.mjs";
import { store } from "./store.mjs";
import * as words from "./words.mjs";

const READ_ONLY = "OPENCLAW_CONFIG_READONLY";

/** Says it and ends well. */
function print(text) {
  process.stdout.write(`${text}\n`);
  return 0;
}

export async function run(line, environment) {
  // as everybody on this machine can see it
  note("calls", line.join(" "));
  const { options, rest } = parse(line);
  const where = places(environment, options.profile);
  const { env, added } = withDotenv(environment, where);
  try {
    return await command(rest, { options, where, env, dotenv: added });
  } catch (error) {
    if (!(error instanceof Failed)) throw error;
    process.stderr.write(`${error.message}\n`);
    return error.status;
  }
}

const VALUES = ["profile", "port", "bind", "token", "url", "kind", "value", "value-file", "scope"];

/** Options anywhere, `--name value` and `--name=value`, and the other words. */
function parse(line) {
  const options = {};
  const rest = [];
  for (let at = 0; at < line.length; at += 1) {
    const [, name, , value] = /^--([a-z-]+)(=(.*))?$/s.exec(line[at]) ?? [];
    if (name === undefined) rest.push(line[at]);
    else if (VALUES.includes(name)) options[name] = value ?? line[(at += 1)];
    else options[name] = true;
  }
  return { options, rest };
}

async function command([first, second, ...rest], call) {
  if (call.options.version) return print(`OpenClaw ${VERSION} (stand-in)`);
  switch (first) {
    case "gateway":
      return await gateway(second, call);
    case "config":
      return await config(second, rest, call);
    case "secrets":
      return await secrets(second, rest, call);
    case "doctor":
      return doctor(call);
    default:
      throw new Failed(`OpenClaw does not know the command "${first}".\nTry: openclaw --help`);
  }
}

const unknown = (group, name) =>
  new Failed(`OpenClaw ${group} has no command "${name}".\nTry: openclaw ${group} --help`);

// --- gateway ---------------------------------------------------------------------------------------

async function gateway(name, call) {
  switch (name) {
    case undefined:
    case "run": {
      // which also makes the words of its command line disappear from the process list
      process.title = "openclaw-gateway";
      const { port, token } = call.options;
      const allowUnconfigured = call.options["allow-unconfigured"];
      const settings = { port, token, allowUnconfigured, dotenv: call.dotenv };
      return await new Gateway(call.where, call.env, settings).start();
    }
    case "restart":
      return await restart(call);
    case "auth-token":
      return authToken(call);
    default:
      throw unknown("gateway", name);
  }
}

async function restart(call) {
  const owner = running(call.where);
  if (!owner) {
    throw new Failed(words.NO_SERVICE);
  }
  const asked = await ask(call, "gateway.restart");
  if (!asked.ok) throw new Failed(`Gateway restart failed: ${asked.message}`);
  const { pid, port } = owner;
  return print(`Gateway restart request sent to foreground process on port ${port}: ${pid}.`);
}

function authToken({ options, where }) {
  if (!options.show) throw new Failed(words.NOT_SHOWN);
  if (!process.stdout.isTTY) throw new Failed(words.NO_TERMINAL);
  return print(readConfig(where.config).parsed?.gateway?.auth?.token);
}

// --- config ----------------------------------------------------------------------------------------

async function config(name, rest, call) {
  const { where } = call;
  switch (name) {
    case "file":
      return print(where.config);
    case "get":
      return get(rest[0], call);
    case "set": {
      const [key, value] = rest;
      const steps = key.split(".").toReversed();
      edit(call, steps.reduce((inner, step) => ({ [step]: inner }), value));
      return print(`Updated ${key}. Restart the gateway to apply.`);
    }
    case "patch":
      return patch(call);
    default:
      throw unknown("config", name);
  }
}

/** A read warns of a config that a newer one has written. */
function current({ where }) {
  const read = readConfig(where.config);
  if (read.broken) throw new Failed(`Config is invalid${read.problems[0]}`);
  const version = read.parsed?.meta?.lastTouchedVersion;
  if (version && version.localeCompare(VERSION, "en", { numeric: true }) > 0) {
    process.stderr.write(words.newer(version, VERSION));
  }
  return read.parsed ?? {};
}

function get(key, call) {
  const value = key.split(".").reduce((part, step) => part?.[step], current(call));
  if (value === undefined) throw new Failed(`Unknown config path: ${key}.`);
  const shown = redact(value, key);
  const asText = isObject(shown) || call.options.json ? JSON.stringify(shown, null, 2) : shown;
  return print(asText);
}

function redact(value, key) {
  const secret = /(^|\.)(token|password)$/.test(key);
  if (secret && isObject(value)) return { ...value, id: REDACTED };
  if (secret) return REDACTED;
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, redact(item, name)]));
}

function patch(call) {
  const { options } = call;
  if (!options.stdin) throw new Failed("the stand-in patches from standard input only");
  let wanted;
  try {
    wanted = JSON5.parse(fs.readFileSync(0, "utf8"));
  } catch (error) {
    throw new Failed(`Failed to parse --stdin as JSON5: ${error.name}: ${error.message}`);
  }
  const changed = edit(call, wanted);
  const follow = changed ? "Restart the gateway to apply." : "No gateway restart needed.";
  return print(`Applied ${leaves(wanted)} config update(s). ${follow}`);
}

const leaves = (value) =>
  isObject(value) ? Object.values(value).reduce((sum, item) => sum + leaves(item), 0) : 1;

/** A merge patch: `null` takes away, and the placeholder of a secret leaves it alone. */
function merge(before, wanted) {
  if (!isObject(wanted)) return wanted === REDACTED ? before : wanted;
  const all = isObject(before) ? { ...before } : {};
  for (const [key, value] of Object.entries(wanted)) {
    if (value === null) delete all[key];
    else all[key] = merge(all[key], value);
  }
  return all;
}

function edit(call, wanted) {
  refuseReadOnly(call);
  const before = current(call);
  const after = merge(before, wanted);
  const [problem] = problems(after);
  if (problem) throw new Failed(`Config validation failed: ${problem}`);
  writeConfig(call.where, after);
  return JSON.stringify(before) !== JSON.stringify(after);
}

function refuseReadOnly({ env, where }) {
  if (env[READ_ONLY] !== "1") return;
  throw new Failed(words.readOnly(where.config));
}

// --- doctor ----------------------------------------------------------------------------------------

/** It makes a token where there is none. It never changes one. */
function doctor(call) {
  const { options, where } = call;
  refuseReadOnly(call);
  if (options.fix && running(where)) {
    throw new Failed(`Doctor could not enter maintenance. ${words.OWNED}`);
  }
  if (!options["generate-gateway-token"]) return 0;
  const config = current(call);
  const { token } = config.gateway?.auth ?? {};
  if (isObject(token)) {
    print(words.skipped(token));
  } else if (!token?.trim() || ["undefined", "null", REDACTED].includes(token.trim())) {
    const auth = { mode: "token", token: crypto.randomBytes(24).toString("hex") };
    const wizard = { lastRunCommand: "doctor", lastRunVersion: VERSION };
    writeConfig(where, merge(config, { gateway: { auth }, wizard }));
    print("Gateway token configured.");
  }
  return 0;
}

// --- secrets ---------------------------------------------------------------------------------------

async function secrets(name, rest, call) {
  if (name === "store") return store(rest, call);
  if (name !== "reload") throw unknown("secrets", name);
  const asked = await ask(call, "secrets.reload");
  if (!asked.ok && call.options.json) {
    const error = { type: "cli_error", message: asked.message };
    print(JSON.stringify({ ok: false, error }, null, 2));
  }
  if (!asked.ok) throw new Failed(`gateway connect failed: ${asked.message}`);
  const done = JSON.stringify({ ok: true, warningCount: 0 }, null, 2);
  return print(call.options.json ? done : "Secrets reloaded.");
}
