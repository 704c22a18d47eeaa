// The messages between the harness and its supervisor process (supervisor.ts).
export type ToSupervisor =
  | {
      type: 'spawn';
      id: number;
      command: string;
      args: string[];
      env: Record<string, string>;
      cwd: string | undefined;
      log: string;
    }
  | { type: 'signal'; id: number; signal: NodeJS.Signals }
  | { type: 'stop' };

export type FromSupervisor =
  | { type: 'ready'; dir: string }
  | { type: 'spawned'; id: number; pid: number }
  | { type: 'failed'; id: number; error: string }
  | { type: 'exit'; id: number; code: number | null; signal: NodeJS.Signals | null }
  | { type: 'stopped' };
