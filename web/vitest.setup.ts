// What every browser has and Debian 12's Node.js 18 keeps in a module.
import { webcrypto } from "node:crypto";

globalThis.crypto ??= webcrypto as Crypto;
