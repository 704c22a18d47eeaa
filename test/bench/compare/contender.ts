// What each contender does, in its own way: hold the objects of a namespace as they change, and patch them.

export interface Task {
  readonly kubeconfig: string;
  readonly namespace: string;
  /** Told of each object that was there or came, with the mark that it bears. */
  readonly onObject: (name: string, mark: string) => void;
}

export interface Contender {
  /** Begins to read and watch. */
  start(): Promise<void>;
  patch(name: string, mark: string): Promise<void>;
  stop(): Promise<void>;
}

/** Where the mark stands. */
export function markOf(data: unknown): string {
  return (data as Readonly<Record<string, string>> | undefined)?.['mark'] ?? '';
}
