package org.kmodwatch.lab;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Locale;

/**
 * Runs a webhook's receiver in the guest, with the classes of its run-time image. Writes each body
 * as a line into a file. At first it does not answer, then it is slow, then it asks for a delay of
 * a second, and from then on it works.
 */
final class SinkReceiver {

  private SinkReceiver() {}

  /**
   * Receives until it is killed.
   *
   * @param args the port and the file
   */
  public static void main(String[] args) throws IOException, InterruptedException {
    Path file = Path.of(args[1]);
    try (var server =
        new ServerSocket(Integer.parseInt(args[0]), 50, InetAddress.ofLiteral("127.0.0.1"))) {
      for (int request = 0; ; ) {
        try (Socket client = server.accept()) {
          var in = new BufferedInputStream(client.getInputStream());
          byte[] body;
          while ((body = body(in)) != null) {
            if (!answer(request++, body, file, client.getOutputStream())) {
              break;
            }
          }
        }
      }
    }
  }

  private static boolean answer(int request, byte[] body, Path file, OutputStream out)
      throws IOException, InterruptedException {
    if (request == 3) {
      reply(out, "503 Service Unavailable\r\nRetry-After: 1");
      return true;
    }
    Files.writeString(
        file,
        new String(body, StandardCharsets.UTF_8) + "\n",
        StandardOpenOption.CREATE,
        StandardOpenOption.APPEND);
    if (request == 0) {
      return false;
    }
    if (request < 3) {
      Thread.sleep(2000);
    }
    reply(out, "200 OK");
    return true;
  }

  private static void reply(OutputStream out, String head) throws IOException {
    out.write(
        ("HTTP/1.1 " + head + "\r\nContent-Length: 0\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
    out.flush();
  }

  /** Returns the next request's body; null at the end of the connection. */
  @SuppressWarnings("ReturnsNullArray")
  private static byte @org.jspecify.annotations.Nullable [] body(InputStream in)
      throws IOException {
    int length = 0;
    for (String line = line(in); !line.isEmpty(); line = line(in)) {
      if (line.equals("\0")) {
        return null;
      }
      if (line.toLowerCase(Locale.ROOT).startsWith("content-length:")) {
        length = Integer.parseInt(line.substring(15).strip());
      }
    }
    return in.readNBytes(length);
  }

  private static String line(InputStream in) throws IOException {
    var line = new StringBuilder();
    for (int c = in.read(); c != '\n'; c = in.read()) {
      if (c < 0) {
        return "\0";
      }
      if (c != '\r') {
        line.append((char) c);
      }
    }
    return line.toString();
  }
}
