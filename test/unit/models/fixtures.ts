// Small models, wheels and a server for the tests of server/models.

import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32, deflateRawSync } from 'node:zlib';

import type { CatalogueModel, ModelSource } from '../../../server/models/index.js';

/** A folder that is deleted by `cleanUp`. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'leoam-models-'));
  folders.push(folder);
  return folder;
}

export async function cleanUp(): Promise<void> {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

const folders: string[] = [];
const servers: Server[] = [];

/** Bytes that begin like a GGUF file. */
export function modelBytes(size: number): Buffer {
  return Buffer.concat([Buffer.from('GGUF'), randomBytes(size - 4)]);
}

export const hubSource: ModelSource = {
  kind: 'hub',
  repository: 'someone/model',
  revision: 'main',
  file: 'model.gguf',
};

export function modelOf(bytes: Buffer, sources: ModelSource[]): CatalogueModel {
  return {
    id: 'tiny',
    name: 'Tiny',
    parameters: '0',
    sha256: createHash('sha256').update(bytes).digest('hex'),
    bytes: bytes.length,
    licence: 'none',
    memoryBytes: 0,
    sources,
  };
}

/** Starts a server on this machine and makes it the hub. */
export async function startHub(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<string> {
  const server = createServer(answer);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  process.env['HF_ENDPOINT'] = address;
  return address;
}

/** Serves `bytes` with ranges, as the hub does. */
export function serve(bytes: Buffer, request: IncomingMessage, response: ServerResponse): void {
  const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
  response.statusCode = start > 0 ? 206 : 200;
  if (start > 0) {
    response.setHeader('content-range', `bytes ${start}-${bytes.length - 1}/${bytes.length}`);
  }
  response.setHeader('content-length', bytes.length - start);
  response.end(bytes.subarray(start));
}

/** Writes a wheel (a zip archive) with a small member before and a large one. */
export async function writeWheel(path: string, data: Buffer): Promise<void> {
  const members = [
    { name: 'part/__init__.py', data: Buffer.from('# nothing\n') },
    { name: 'part/data/part.bin', data },
  ];
  const locals: Buffer[] = [];
  const central: Buffer[] = [];
  let offset = 0;
  for (const member of members) {
    const name = Buffer.from(member.name);
    const packed = deflateRawSync(member.data);
    const fields = Buffer.alloc(26);
    fields.writeUInt16LE(20, 0); // version needed
    fields.writeUInt16LE(8, 4); // deflated
    fields.writeUInt32LE(crc32(member.data), 10);
    fields.writeUInt32LE(packed.length, 14);
    fields.writeUInt32LE(member.data.length, 18);
    fields.writeUInt16LE(name.length, 22);
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), fields, name, packed]);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(offset, 10);
    central.push(
      Buffer.concat([Buffer.from('PK\x01\x02'), Buffer.from([20, 0]), fields, tail, name]),
    );
    locals.push(local);
    offset += local.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(members.length, 4);
  end.writeUInt16LE(members.length, 6);
  end.writeUInt32LE(directory.length, 8);
  end.writeUInt32LE(offset, 12);
  await writeFile(path, Buffer.concat([...locals, directory, Buffer.from('PK\x05\x06'), end]));
}
