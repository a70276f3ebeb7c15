// Whether the server is there, and whether it lets us in.
import type { Session } from "../api/types";

export class Connection {
  session = $state.raw<Session | null>(null);
  connected = $state(false);
  started = $state(false);
  failed = $state<string | null>(null);
  serverVersion = $state<string | null>(null);

  readonly admin = $derived(this.session !== null && (this.session.admin || !this.session.required));
  readonly locked = $derived(this.session !== null && this.session.required && !this.session.authenticated);
  readonly outdated = $derived(this.serverVersion !== null && this.serverVersion !== __VERSION__);

  signIn: (token: string) => Promise<void> = () => Promise.resolve();
}
