/**
 * Sends bytes to a server as they are, and reads until it closes the connection: for what no well-behaved client sends.
 *
 * @returns the head and the body of all that it answered
 */
export async function rawRequest(origin: string, text: string): Promise<string> {
  const { hostname, port } = new URL(origin);
  using connection = await Deno.connect({ hostname, port: Number(port) });
  await connection.write(new TextEncoder().encode(text));
  return await new Response(connection.readable).text();
}
