import { dirname, fromFileUrl } from "@std/path";
import { v8Flags } from "../../tasks/v8_flags.ts";

/** Where a peer listens, what it stands in front of, and where it may write. */
export interface PeerPlace {
  readonly port: number;
  readonly upstream: number;
  readonly folder: string;
}

/** A proxy to measure. */
export interface Peer {
  readonly name: string;
  /** Whether it is written in JavaScript or TypeScript. */
  readonly script: boolean;
  /** Writes the configuration and gives the command. */
  command(place: PeerPlace): Promise<{ command: string[]; env?: Record<string, string> }>;
}

const HERE = dirname(fromFileUrl(import.meta.url));
const ROOT = dirname(dirname(HERE));

const flotilla: Peer = {
  name: "Flotilla",
  script: true,
  command: ({ port, upstream }) =>
    Promise.resolve({
      command: [
        Deno.execPath(),
        "run",
        "--no-prompt",
        ...v8Flags("balancer"),
        `--allow-net=127.0.0.1:${port},127.0.0.1:${upstream}`,
        "--allow-env",
        `${ROOT}/balancer/main.ts`,
        ...["--port", String(port), "--upstream", `http://127.0.0.1:${upstream}`],
        ...["--strategy", "round-robin", "--log-level", "error"],
      ],
    }),
};

const nginx: Peer = {
  name: "nginx",
  script: false,
  async command({ port, upstream, folder }) {
    const config = `${folder}/nginx.conf`;
    await Deno.writeTextFile(
      config,
      `
daemon off; worker_processes 1; pid ${folder}/nginx.pid; error_log ${folder}/nginx.err;
events { worker_connections 8192; }
http {
  access_log off; keepalive_requests 10000000; client_max_body_size 16m;
  client_body_temp_path ${folder}/nginx_body; proxy_temp_path ${folder}/nginx_proxy;
  fastcgi_temp_path ${folder}/nf; uwsgi_temp_path ${folder}/nu; scgi_temp_path ${folder}/ns;
  upstream behind { server 127.0.0.1:${upstream}; keepalive 128; keepalive_requests 10000000; }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location / {
      proxy_pass http://behind; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_set_header X-Forwarded-For $remote_addr; proxy_request_buffering off;
      # Large answers go from socket to socket, not by way of a file.
      proxy_max_temp_file_size 0;
    }
  }
}`,
    );
    return { command: ["nginx", "-c", config, "-e", `${folder}/nginx.err`] };
  },
};

const haproxy: Peer = {
  name: "HAProxy",
  script: false,
  async command({ port, upstream, folder }) {
    const config = `${folder}/haproxy.cfg`;
    await Deno.writeTextFile(
      config,
      `
global
  nbthread 1
  maxconn 4096
defaults
  mode http
  option http-keep-alive
  option forwardfor
  http-reuse always
  timeout connect 5s
  timeout client 60s
  timeout server 60s
frontend edge
  bind 127.0.0.1:${port}
  default_backend behind
backend behind
  server one 127.0.0.1:${upstream} check
`,
    );
    return { command: ["haproxy", "-db", "-f", config] };
  },
};

const caddy: Peer = {
  name: "Caddy",
  script: false,
  async command({ port, upstream, folder }) {
    const config = `${folder}/Caddyfile`;
    await Deno.writeTextFile(
      config,
      `{
  admin off
  auto_https off
}
http://127.0.0.1:${port} {
  bind 127.0.0.1
  reverse_proxy 127.0.0.1:${upstream}
}
`,
    );
    return {
      command: ["caddy", "run", "--config", config, "--adapter", "caddyfile"],
      env: { GOMAXPROCS: "1", HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder },
    };
  },
};

function nodePeer(name: string, program: string): Peer {
  return {
    name,
    script: true,
    async command({ port, upstream, folder }) {
      await Deno.copyFile(`${HERE}/node/${program}`, `${folder}/${program}`);
      return { command: ["node", `${folder}/${program}`, String(port), String(upstream)] };
    },
  };
}

/** Flotilla first, then whom it is measured against. */
export const PEERS: readonly Peer[] = [
  flotilla,
  nginx,
  haproxy,
  caddy,
  nodePeer("Node http-proxy", "http_proxy.mjs"),
  nodePeer("@fastify/http-proxy", "fastify_http_proxy.mjs"),
];

/** The packages of the peers on Node, with exact versions, put into `folder` from the npm registry. */
export async function installNodePeers(folder: string): Promise<void> {
  const packages = ["http-proxy@1.18.1", "fastify@5.12.8", "@fastify/http-proxy@11.6.3"];
  const { success, stderr } = await new Deno.Command("npm", {
    args: ["install", "--prefix", folder, "--no-audit", "--no-fund", ...packages],
  }).output();
  if (!success) throw new Error(`Cannot install the peers on Node: ${new TextDecoder().decode(stderr)}`);
}
