// What the harness asks of etcd itself, by the HTTP that it speaks on its socket.
import { request } from 'node:http';

/** Physical: when it resolves, the old versions are gone. */
export async function compact(socketPath: string): Promise<void> {
  const { header } = (await ask(socketPath, '/v3/maintenance/status', {})) as { header: { revision: string } };
  await ask(socketPath, '/v3/kv/compaction', { revision: header.revision, physical: true });
}

function ask(socketPath: string, path: string, question: object): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath, path, method: 'POST', agent: false }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.once('error', reject);
      answer.once('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        if (answer.statusCode === 200) resolve(JSON.parse(text));
        else reject(new Error(`etcd ${path}: ${answer.statusCode} ${text}`));
      });
    });
    asked.once('error', reject);
    asked.end(JSON.stringify(question));
  });
}
