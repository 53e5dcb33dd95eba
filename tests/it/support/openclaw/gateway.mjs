// The gateway's life: start, the watch over its config, restarts in the same process, the end.

import fs from "node:fs";
import path from "node:path";

import {
  VERSION, accept, anomalies, differences, promote, readConfig, substitute, undoAccident,
} from "./config.mjs";
import { Failed, Unresolved } from "./errors.mjs";
import { json, listen, unauthorized } from "./http.mjs";
import { behaviour, gate, log, milliseconds, note, plain } from "./knobs.mjs";
import { Limiter } from "./limiter.mjs";
import { lock, running, unlock } from "./state.mjs";
import { generated, resolve, withVars } from "./tokens.mjs";
import * as words from "./words.mjs";

/** "Bad configuration, do not restart", for systemd. */
const CONFIG_ERROR = 78;

const HOT = /^(gateway\.(auth\.(token|rateLimit)|controlUi|http)|hooks|agents|models|tools|logging)\b/;
const NO_ACTION = /^(meta|wizard|secrets|plugins|gateway\.(reload|remote))\b/;

export class Gateway {
  version = VERSION;
  ready = false;
  config = {};
  mode = "token";
  token = undefined;
  limiter = new Limiter();
  hookLimiter = new Limiter({ maxAttempts: 20, lockoutMs: 60_000, exemptLoopback: false });
  #where;
  #env;
  #options;
  #servers = [];
  /** The config that is in force, as it was written; what `reload.mode: off` holds back is not. */
  #applied = {};
  #fixed = false;
  #watcher;

  constructor(where, env, options) {
    this.#where = where;
    this.#env = env;
    this.#options = options;
  }

  /** Starts; the status to end with if it cannot, else it runs. */
  async start() {
    process.on("SIGTERM", () => this.#stop());
    process.on("SIGINT", () => this.#stop());
    try {
      const other = running(this.#where);
      if (other) {
        throw new Failed(`gateway already running (pid ${other.pid}); ${words.OWNED}`, CONFIG_ERROR);
      }
      await this.#run("started");
      return undefined;
    } catch (error) {
      if (error.code === "EADDRINUSE") error.status = 1;
      if (!error.status) throw error;
      note("starts", `refused status=${error.status}`);
      process.stderr.write(`${error.message}\n`);
      return error.status;
    }
  }

  async #run(how) {
    const read = undoAccident(this.#where, readConfig(this.#where.config));
    log("gateway", "loading configuration…");
    log("gateway", "resolving authentication…");
    this.#check(read);
    log("gateway", "starting...");
    const config = read.exists ? read.parsed : {};
    const from = this.#authenticate(config);
    this.#settle(config);
    this.#seen = read.raw;
    if (read.exists) accept(this.#where, read);
    const port = this.#port();
    await new Promise((resolve) => setTimeout(resolve, milliseconds("STANDIN_START_MS", 0)));
    await gate("STANDIN_LISTEN_GATE");
    lock(this.#where, port);
    if (behaviour() !== "deaf") this.#servers = await listen(this, port);
    log("gateway", "http server listening (0 plugins, 0.0s)");
    this.#watch();
    await gate("STANDIN_READY_GATE");
    this.ready = true;
    note("starts", `${how} pid=${process.pid} port=${port} token=${from}`);
    log("gateway", "ready");
    this.#reloadLater();
  }

  #check(read) {
    const { allowUnconfigured } = this.#options;
    if (!read.exists && !allowUnconfigured) {
      throw new Failed(words.NO_CONFIG, CONFIG_ERROR);
    }
    if (read.exists && !read.parsed.gateway?.mode && !allowUnconfigured) {
      throw new Failed(words.NO_MODE, CONFIG_ERROR);
    }
    if (read.problems.length > 0) {
      const list = read.problems.join("\n");
      const message = `Gateway failed to start: Invalid config at ${this.#where.config}:\n${list}`;
      throw new Failed(message, CONFIG_ERROR);
    }
  }

  /** Settles mode and token; says where the token is from. */
  #authenticate(config) {
    this.mode = config.gateway?.auth?.mode ?? "token";
    if (this.mode === "none") {
      log("gateway", words.OPEN);
      return "none";
    }
    if (this.mode !== "token") throw new Failed(`the stand-in knows no auth mode ${this.mode}`, 1);
    const found = this.#findToken(config);
    this.#fixed = ["flag", "generated"].includes(found.from);
    this.token = found.token;
    return found.from === "environment" ? this.#environmentOf() : found.from;
  }

  /** Which of the things that make up the environment has the token. */
  #environmentOf() {
    const name = "OPENCLAW_GATEWAY_TOKEN";
    if (!this.#env[name]) return "env.vars";
    return this.#options.dotenv.has(name) ? "dotenv" : "env";
  }

  #findToken(config) {
    const flag = this.#options.token?.trim();
    if (flag) return { token: flag, from: "flag" };
    let found;
    try {
      found = resolve(config, this.#env, this.#where, "start");
    } catch (error) {
      const message = error instanceof Unresolved ? words.NO_SECRETS : error.message;
      throw new Failed(`Gateway failed to start: ${message}`, 1);
    }
    if (found.token) return found;
    log("gateway", words.GENERATED);
    return generated();
  }

  #port() {
    const { port } = this.#options;
    return Number(port ?? this.#env.OPENCLAW_GATEWAY_PORT ?? this.#applied.gateway?.port ?? 18789);
  }

  // --- reload --------------------------------------------------------------------------------------

  #watch() {
    const { dir, base } = path.parse(this.#where.config);
    fs.mkdirSync(dir, { recursive: true, mode: 0o700 });
    this.#watcher = fs.watch(dir, (_event, name) => {
      if (name === base) this.#reloadLater();
    });
  }

  #timer;

  #reloadLater() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#reload(), milliseconds("STANDIN_RELOAD_MS", 500));
  }

  #seen;

  #reload() {
    if (!this.ready) return;
    const read = readConfig(this.#where.config);
    // the first look after a start, and echoes of one change
    if (read.raw === this.#seen) return;
    const changed = differences(this.#applied, read.parsed);
    this.#seen = read.raw;
    if (!read.exists) {
      log("reload", "config reload skipped (config file not found)");
      return;
    }
    for (const found of anomalies(this.#where, read)) {
      plain(`${new Date().toISOString()} Config observe anomaly: ${this.#where.config} (${found})`);
    }
    if (read.problems.length > 0) {
      log("reload", `config reload skipped (invalid config): ${read.problems.join(", ")}`);
    } else if (changed.length > 0) {
      this.#take(read, changed);
    }
  }

  #take(read, changed) {
    log("reload", `config change detected; evaluating reload (${changed.join(", ")})`);
    if (read.parsed.gateway?.reload?.mode === "off") {
      log("reload", "config reload disabled (gateway.reload.mode=off)");
      return promote(this.#where, read);
    }
    const cold = changed.filter((at) => !HOT.test(at) && !NO_ACTION.test(at));
    if (cold.length > 0) {
      log("reload", `config change requires gateway restart (${cold.join(", ")}) — preparing`);
      promote(this.#where, read);
      return this.restart();
    }
    try {
      this.#apply(read.parsed);
    } catch (error) {
      return log("reload", `config reload failed: ${error.name}: ${error.message}`);
    }
    const hot = changed.filter((at) => HOT.test(at));
    if (hot.length > 0) log("reload", `config hot reload applied (${hot.join(", ")})`);
    return promote(this.#where, read);
  }

  #apply(config) {
    if (this.mode === "token") {
      const { token } = this.#fixed ? this : resolve(config, this.#env, this.#where, "reload");
      // a token of the command line or made at the start stays, and the log says "applied" all the same
      this.token = token;
    }
    this.#settle(config);
  }

  #settle(config) {
    this.limiter.configure(config.gateway?.auth?.rateLimit);
    this.config = substitute(config, withVars(config, this.#env));
    this.#applied = config;
  }

  // --- what the command line asks of it ------------------------------------------------------------

  /** The real one speaks WebSocket here; the stand-in's own command line comes by this path. */
  async rpc(call) {
    const asked = /^\/standin\/(secrets\.reload|gateway\.restart)$/.exec(call.path)?.[1];
    if (!asked) return undefined;
    const refused = await unauthorized(call, this);
    if (refused) return refused;
    if (asked === "gateway.restart") {
      setImmediate(() => this.restart());
      return json(200, { ok: true });
    }
    try {
      this.#apply(this.#applied);
      return json(200, { ok: true, warningCount: 0 });
    } catch {
      return json(409, { ok: false });
    }
  }

  // --- restart and end -----------------------------------------------------------------------------

  /** Under systemd it ends and lets itself be started; else it keeps its process and environment. */
  async restart() {
    log("gateway", "received SIGUSR2; restarting");
    await this.#close();
    if (process.env.INVOCATION_ID) {
      log("gateway", "restart mode: full process restart (supervisor restart)");
      process.exit(0);
    }
    log("gateway", "restart mode: in-process restart");
    try {
      await this.#run("restarted");
    } catch (error) {
      process.stderr.write(`${error.message}\n`);
      process.exit(error.status ?? 1);
    }
  }

  async #close() {
    this.ready = false;
    clearTimeout(this.#timer);
    this.#watcher?.close();
    const closed = this.#servers.map((server) => {
      const done = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      return done;
    });
    await Promise.all(closed);
    unlock(this.#where);
  }

  async #stop() {
    log("gateway", "received SIGTERM; shutting down");
    await this.#close();
    log("shutdown", "completed cleanly in 0ms");
    note("starts", `stopped pid=${process.pid}`);
    process.exit(0);
  }
}
