// Where things are, and which environment a process ends up with.

import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

const { STANDIN_MODULES } = process.env;
if (!STANDIN_MODULES) throw new Error("STANDIN_MODULES names the folder of dotenv and json5");
const require = createRequire(path.join(STANDIN_MODULES, "none.js"));
const dotenv = require("dotenv");
export const JSON5 = require("json5");

/** A path variable counts as unset when it is blank or somebody's failed substitution. */
function given(value) {
  const text = value?.trim();
  return text && text !== "undefined" && text !== "null" ? text : undefined;
}

function expand(text, home) {
  return text === "~" || text.startsWith("~/") ? path.join(home, text.slice(1)) : text;
}

export function places(env, profile) {
  const system = given(env.HOME) ?? "/";
  const home = expand(given(env.OPENCLAW_HOME) ?? system, system);
  const named = given(env.OPENCLAW_STATE_DIR);
  const own = profile && profile !== "default" ? `.openclaw-${profile}` : ".openclaw";
  const state = named ? expand(named, home) : path.join(home, own);
  const config = given(env.OPENCLAW_CONFIG_PATH);
  return {
    home,
    state,
    isDefault: !named && own === ".openclaw",
    config: config ? expand(config, home) : path.join(state, "openclaw.json"),
  };
}

/** What a folder's `.env` has; nothing if there is none. */
function entries(file) {
  try {
    return Object.entries(dotenv.parse(fs.readFileSync(file)));
  } catch {
    return [];
  }
}

/**
 * The environment with what the `.env` files add to it, and which names came from there. A variable
 * that exists is left alone, also an empty one; the working folder may not say anything of OpenClaw.
 */
export function withDotenv(env, where) {
  const files = [
    entries(path.join(process.cwd(), ".env")).filter(([name]) => !name.startsWith("OPENCLAW_")),
    entries(path.join(where.state, ".env")),
    where.isDefault ? entries(path.join(where.home, ".config/openclaw/gateway.env")) : [],
  ];
  const all = { ...env };
  const added = new Set();
  for (const [name, value] of files.flat()) {
    if (all[name] === undefined) {
      all[name] = value;
      added.add(name);
    }
  }
  return { env: all, added };
}
