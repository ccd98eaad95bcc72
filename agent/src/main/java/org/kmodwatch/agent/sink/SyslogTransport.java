package org.kmodwatch.agent.sink;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.sensor.kernel.KernelException;
import org.kmodwatch.sensor.kernel.LocalDatagramSocket;

/**
 * Sends messages to a syslog server. Syslog has no acknowledgement. Messages on a stream count as
 * accepted if the server has not closed the stream by then. Datagrams count at once
 * (docs/reference/sinks.md lists the possible losses).
 */
final class SyslogTransport implements Transport {

  private static final int CONNECT_TIMEOUT_MILLIS = 5_000;
  private static final int TIMEOUT_SECONDS = 30;

  /** Sets how long a new connection is watched for a server that closes it at once. */
  private static final int FIRST_PATIENCE_MILLIS = 300;

  /** Limits one datagram over IPv4 (RFC 5426, section 3.2), in bytes. */
  private static final int MAX_UDP_BYTES = 65_507;

  private final SyslogTarget target;
  private final SyslogMessage messages;
  private final @Nullable SSLContext tls;
  private volatile @Nullable Link link;

  /**
   * Creates a transport.
   *
   * @throws SinkException if the TLS files cannot be used
   */
  SyslogTransport(SyslogTarget target, @Nullable String host) {
    this.target = target;
    this.messages =
        new SyslogMessage(target.facility(), host, target.appName(), ProcessHandle.current().pid());
    this.tls = target.address().way() == SyslogTarget.Way.TLS ? Tls.context(target.tls()) : null;
  }

  /** A link is a connection or a datagram socket. */
  private interface Link extends AutoCloseable {

    /**
     * Sends all of {@code messages}.
     *
     * @return why the receiver can never accept one of them; null if it accepted all
     */
    @Nullable String send(List<byte[]> messages) throws IOException;

    @Override
    void close();
  }

  @Override
  public int maxItems() {
    // A datagram may be refused, so each is its own batch: the others have arrived by then.
    return switch (target.address().way()) {
      case UDP, UNIX -> 1;
      case TCP, TLS -> SpooledSink.MAX_BATCH_ITEMS;
    };
  }

  @Override
  public Answer send(List<Item> batch) {
    try {
      Link open = link;
      if (open == null) {
        open = connect();
        link = open;
      }
      String refused = open.send(batch.stream().map(this::message).toList());
      return refused == null ? new Answer.Taken() : new Answer.Refused(refused);
    } catch (IOException | KernelException e) {
      close();
      return new Answer.Later(String.valueOf(e.getMessage()), null);
    }
  }

  private byte[] message(Item item) {
    return target.address().way() == SyslogTarget.Way.UNIX
        ? messages.local(item)
        : messages.of(item);
  }

  private Link connect() throws IOException {
    return switch (target.address().way()) {
      case UDP -> new Datagrams();
      case TCP, TLS -> new Stream(socket(), target.framing());
      case UNIX -> local();
    };
  }

  private Link local() throws IOException {
    var path = Objects.requireNonNull(target.address().socket());
    try {
      return new LocalDatagrams(LocalDatagramSocket.connect(path, TIMEOUT_SECONDS));
    } catch (KernelException notDatagrams) {
      SocketChannel channel;
      try {
        channel = SocketChannel.open(UnixDomainSocketAddress.of(path));
      } catch (IOException e) {
        throw new IOException(notDatagrams.getMessage(), e);
      }
      return new LocalStream(channel);
    }
  }

  private Socket socket() throws IOException {
    String host = Objects.requireNonNull(target.address().host());
    var socket = new Socket();
    try {
      socket.connect(new InetSocketAddress(host, target.address().port()), CONNECT_TIMEOUT_MILLIS);
      socket.setSoTimeout(TIMEOUT_SECONDS * 1000);
      socket.setKeepAlive(true);
      if (tls == null) {
        return socket;
      }
      SSLSocket secure =
          (SSLSocket)
              tls.getSocketFactory().createSocket(socket, host, target.address().port(), true);
      SSLParameters parameters = secure.getSSLParameters();
      // The server's certificate must have this name (RFC 5425, section 5.2).
      parameters.setEndpointIdentificationAlgorithm("HTTPS");
      secure.setSSLParameters(parameters);
      secure.startHandshake();
      return secure;
    } catch (IOException e) {
      socket.close();
      throw e;
    }
  }

  private static final class Stream implements Link {
    private final Socket socket;
    private final SyslogTarget.Framing framing;
    private boolean fresh = true;

    Stream(Socket socket, SyslogTarget.Framing framing) {
      this.socket = socket;
      this.framing = framing;
    }

    @Override
    public @Nullable String send(List<byte[]> messages) throws IOException {
      // With TLS 1.3, a server rejects our certificate only after the handshake.
      requireOpen(fresh && socket instanceof SSLSocket ? FIRST_PATIENCE_MILLIS : 1);
      fresh = false;
      OutputStream out = socket.getOutputStream();
      out.write(framed(messages, framing));
      out.flush();
      requireOpen(1);
      return null;
    }

    /** Requires that the server has not closed its side, which is its only possible sign. */
    private void requireOpen(int patienceMillis) throws IOException {
      socket.setSoTimeout(patienceMillis);
      try {
        int read;
        do {
          read = socket.getInputStream().read();
        } while (read >= 0);
        throw new IOException("the server closed the connection");
      } catch (SocketTimeoutException open) {
        // No data within the timeout: the connection is open.
      } finally {
        socket.setSoTimeout(TIMEOUT_SECONDS * 1000);
      }
    }

    @Override
    public void close() {
      try {
        socket.close();
      } catch (IOException e) {
        // The connection is given up: the error is harmless.
      }
    }
  }

  private static byte[] framed(List<byte[]> messages, SyslogTarget.Framing framing) {
    var bytes = new ByteArrayOutputStream();
    for (byte[] message : messages) {
      switch (framing) {
        case OCTET_COUNTING -> {
          bytes.writeBytes((message.length + " ").getBytes(StandardCharsets.US_ASCII));
          bytes.writeBytes(message);
        }
        case NEWLINE -> {
          for (byte b : message) {
            bytes.write(b == '\n' ? ' ' : b);
          }
          bytes.write('\n');
        }
      }
    }
    return bytes.toByteArray();
  }

  private final class Datagrams implements Link {
    private final DatagramSocket socket = new DatagramSocket();
    private final InetSocketAddress address;

    Datagrams() throws IOException {
      address =
          new InetSocketAddress(
              InetAddress.getByName(Objects.requireNonNull(target.address().host())),
              target.address().port());
      // A connected socket receives the error that no server listens.
      socket.connect(address);
    }

    @Override
    public @Nullable String send(List<byte[]> messages) throws IOException {
      for (byte[] message : messages) {
        if (message.length > MAX_UDP_BYTES) {
          return "too large for a datagram, bytes=%d, limit=%d; remedy: tcp or tls"
              .formatted(message.length, MAX_UDP_BYTES);
        }
        socket.send(new DatagramPacket(message, message.length));
      }
      return null;
    }

    @Override
    public void close() {
      socket.close();
    }
  }

  private record LocalDatagrams(LocalDatagramSocket socket) implements Link {
    @Override
    public @Nullable String send(List<byte[]> messages) {
      messages.forEach(socket::send);
      return null;
    }

    @Override
    public void close() {
      socket.close();
    }
  }

  private record LocalStream(SocketChannel channel) implements Link {
    @Override
    public @Nullable String send(List<byte[]> messages) throws IOException {
      ByteBuffer bytes = ByteBuffer.wrap(framed(messages, SyslogTarget.Framing.NEWLINE));
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
      return null;
    }

    @Override
    public void close() {
      try {
        channel.close();
      } catch (IOException e) {
        // The connection is given up: the error is harmless.
      }
    }
  }

  @Override
  public void close() {
    Link open = link;
    if (open != null) {
      open.close();
      link = null;
    }
  }
}
