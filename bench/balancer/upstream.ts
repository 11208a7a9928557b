import { answering, type Pinned, startPinned } from "../pinned.ts";
import { WORKLOADS } from "./workloads.ts";

/** Starts nginx as the upstream of all peers: a file for each size, and a place to post to that reads all it gets. */
export async function startUpstream(
  options: { folder: string; port: number; core: number },
): Promise<Pinned> {
  const { folder, port, core } = options;
  await Deno.mkdir(`${folder}/body`, { recursive: true });
  for (const { method, bytes } of WORKLOADS) {
    if (method === "GET") await Deno.writeFile(`${folder}/body/${bytes}`, new Uint8Array(bytes).fill(120));
  }
  for (const name of ["post", "stored"]) await Deno.writeTextFile(`${folder}/${name}`, "stored\n");
  const config = `${folder}/upstream.conf`;
  await Deno.writeTextFile(
    config,
    `
daemon off; worker_processes 1; pid ${folder}/upstream.pid; error_log ${folder}/upstream.err;
events { worker_connections 4096; }
http {
  access_log off; keepalive_requests 10000000; keepalive_timeout 600s; client_max_body_size 16m;
  sendfile on; tcp_nodelay on; open_file_cache max=100;
  client_body_temp_path ${folder}/upstream_body; client_body_buffer_size 2m;
  proxy_temp_path ${folder}/p; fastcgi_temp_path ${folder}/f; uwsgi_temp_path ${folder}/u; scgi_temp_path ${folder}/s;
  server {
    listen 127.0.0.1:${port} backlog=4096; root ${folder};
    location = / { return 200 ok; }
    location /readyz { return 200 ok; }
    # The copy has the whole body read before anything is answered; what is answered is a file, which takes no POST.
    location = /post { mirror /sink; error_page 405 =200 /stored; }
    location = /sink { internal; return 204; }
    location = /stored { }
  }
}`,
  );
  const upstream = startPinned(["nginx", "-c", config, "-e", `${folder}/upstream.err`], { core });
  await answering(`http://127.0.0.1:${port}/`, upstream);
  return upstream;
}
