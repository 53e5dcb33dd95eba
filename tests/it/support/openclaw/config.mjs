// The config file: read, checked, compared, written, and undone where the real one undoes it.

import crypto from "node:crypto";
import fs from "node:fs";
import path from "node:path";

import { plain } from "./knobs.mjs";
import { JSON5 } from "./places.mjs";
import { health, setHealth } from "./state.mjs";

export const VERSION = "2026.9.6";
export const REDACTED = "__OPENCLAW_REDACTED__";

const AUTH_KEYS = ["mode", "token", "password", "allowTailscale", "rateLimit", "trustedProxy"];
const SOURCES = ["env", "file", "exec", "store"];

export const isObject = (value) =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** What is there: `raw`, and `parsed` or the `problems` that make it unusable. */
export function readConfig(file) {
  let raw;
  try {
    raw = fs.readFileSync(file, "utf8");
  } catch {
    return { exists: false, problems: [] };
  }
  try {
    const parsed = JSON5.parse(raw);
    return { exists: true, raw, parsed, problems: problems(parsed) };
  } catch (error) {
    const problem = `: JSON5 parse failed: ${error.name}: ${error.message}`;
    return { exists: true, raw, parsed: {}, problems: [problem], broken: true };
  }
}

export function problems(config) {
  if (!isObject(config)) return [": expected an object"];
  if (JSON.stringify(config).includes('"$include"')) return [": the stand-in knows no $include"];
  const auth = config.gateway?.auth ?? {};
  const unknown = Object.keys(auth).filter((key) => !AUTH_KEYS.includes(key));
  const found = unknown.map((key) => `gateway.auth: Unrecognized key: "${key}"`);
  const { token } = auth;
  const fits =
    token === undefined || typeof token === "string" || SOURCES.includes(token?.source);
  if (!fits) found.push("gateway.auth.token: *** input");
  if (!["hybrid", "off", undefined].includes(config.gateway?.reload?.mode)) {
    found.push("gateway.reload.mode: Invalid option");
  }
  return found;
}

/** `${NAME}` in any text; what is missing or empty stays, `$${NAME}` is the text `${NAME}`. */
export function substitute(value, env) {
  if (typeof value === "string") {
    return value.replace(/(\$?)\$\{([A-Z_][A-Z0-9_]*)\}/g, (whole, escaped, name) =>
      escaped ? whole.slice(1) : env[name] || whole,
    );
  }
  if (Array.isArray(value)) return value.map((item) => substitute(item, env));
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, substitute(item, env)]));
}

/** Where two configs differ, as the log names it: a part that one side lacks is named as a whole. */
export function differences(before, after, at = "") {
  const finer = ["", "gateway", "gateway.auth", "gateway.http", "gateway.controlUi", "hooks"];
  const both = isObject(before) && isObject(after);
  if (!both && !(finer.includes(at) && (isObject(before) || isObject(after)))) {
    return JSON.stringify(before) === JSON.stringify(after) ? [] : [at];
  }
  const keys = new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})]);
  return [...keys].flatMap((key) =>
    differences(before?.[key], after?.[key], at ? `${at}.${key}` : key),
  );
}

function fingerprint(raw, parsed) {
  return {
    hash: crypto.createHash("sha256").update(raw).digest("hex"),
    bytes: Buffer.byteLength(raw),
    hasMeta: isObject(parsed?.meta),
    gatewayMode: parsed?.gateway?.mode,
  };
}

/** What looks as if somebody had overwritten the config by accident. */
export function anomalies(where, read) {
  const baseline = health(where) ?? backup(where)?.fingerprint;
  if (!baseline) return [];
  const now = fingerprint(read.raw, read.parsed);
  const found = [];
  if (baseline.bytes >= 512 && now.bytes < Math.floor(baseline.bytes / 2)) {
    found.push(`size-drop-vs-last-good:${baseline.bytes}->${now.bytes}`);
  }
  if (baseline.hasMeta && !now.hasMeta) found.push("missing-meta-vs-last-good");
  if (baseline.gatewayMode && !now.gatewayMode) found.push("gateway-mode-missing-vs-last-good");
  return found;
}

function backup(where) {
  const read = readConfig(`${where.config}.bak`);
  if (!read.exists || read.broken || !read.parsed.gateway?.mode) return undefined;
  return { raw: read.raw, fingerprint: fingerprint(read.raw, read.parsed) };
}

/** Fact 11: at a start, an edit that looks like an accident makes way for the backup. */
export function undoAccident(where, read) {
  const found = read.exists ? anomalies(where, read) : [];
  const kept = backup(where);
  if (found.length === 0 || !kept) return read;
  const stamp = new Date().toISOString().replaceAll(/[:.]/g, "-");
  replace(`${where.config}.clobbered.${stamp}`, read.raw);
  replace(where.config, kept.raw);
  plain(`Config auto-restored from backup: ${where.config} (${found.join(", ")})`);
  return readConfig(where.config);
}

/** What ran well once: the measure of later edits. */
export function accept(where, read) {
  setHealth(where, fingerprint(read.raw, read.parsed));
}

/** The same after a reload, with the file that shows it from outside. */
export function promote(where, read) {
  replace(`${where.config}.last-good`, read.raw);
  accept(where, read);
}

export function replace(file, text) {
  const beside = `${file}.${process.pid}.tmp`;
  fs.writeFileSync(beside, text, { mode: 0o600 });
  fs.renameSync(beside, file);
}

/** A write by the command line: whole, without comments, with `meta` and up to five backups. */
export function writeConfig(where, config) {
  const before = readConfig(where.config);
  if (before.exists) {
    for (const found of anomalies(where, before)) {
      process.stderr.write(`Config observe anomaly: ${where.config} (${found})\n`);
    }
    if (/(^|[^:"'])\/[/*]/m.test(before.raw)) {
      process.stderr.write(`Config write will strip JSON5 comments from ${where.config}.\n`);
    }
    rotate(`${where.config}.bak`, before.raw);
  }
  const migrations = { modelPolicyAllowlist: true, utilityModelSeparation: true };
  const meta = { ...config.meta, migrations, lastTouchedVersion: VERSION };
  const text = `${JSON.stringify({ ...config, meta }, null, 2)}\n`;
  fs.mkdirSync(path.dirname(where.config), { recursive: true, mode: 0o700 });
  replace(where.config, text);
  accept(where, readConfig(where.config));
}

function rotate(file, text) {
  for (let older = 4; older > 0; older -= 1) {
    const newer = older === 1 ? file : `${file}.${older - 1}`;
    if (fs.existsSync(newer)) fs.renameSync(newer, `${file}.${older}`);
  }
  replace(file, text);
}
