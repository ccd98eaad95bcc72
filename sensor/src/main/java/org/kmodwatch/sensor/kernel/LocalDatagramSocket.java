package org.kmodwatch.sensor.kernel;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * A datagram socket of the family AF_UNIX, connected to a named socket such as /dev/log (unix(7)).
 * Java offers only stream sockets of this family. One thread may use it.
 */
@SuppressWarnings("restricted") // native access is this package's purpose
public final class LocalDatagramSocket implements AutoCloseable {

  private static final int AF_UNIX = 1;
  private static final int SOCK_DGRAM = 2;
  private static final int SOCK_CLOEXEC = 0x80000;
  private static final int SOL_SOCKET = 1;

  /** include/uapi/asm-generic/socket.h, SO_SNDTIMEO_OLD: a struct timeval of two longs. */
  private static final int SO_SNDTIMEO = 21;

  private static final int MSG_NOSIGNAL = 0x4000;

  /** The size of sun_path, including its NUL. */
  private static final int MAX_PATH_BYTES = 108;

  private static final CFunction SOCKET = CFunction.of(Native.libc(), "socket");
  private static final CFunction CONNECT = CFunction.of(Native.libc(), "connect");
  private static final CFunction SETSOCKOPT = CFunction.of(Native.libc(), "setsockopt");
  private static final CFunction SEND = CFunction.of(Native.libc(), "send");

  private final int fd;
  private boolean closed;

  private LocalDatagramSocket(int fd) {
    this.fd = fd;
  }

  /**
   * Connects to the socket at {@code path}.
   *
   * @param sendTimeoutSeconds how long {@link #send} waits for room in the receiver's queue
   * @throws KernelException if no process listens there, it is not a datagram socket, or the path
   *     is too long for the kernel
   */
  public static LocalDatagramSocket connect(Path path, int sendTimeoutSeconds) {
    return connect(path.toString(), path + "\0", sendTimeoutSeconds);
  }

  /**
   * Connects to the socket with an abstract name (unix(7)).
   *
   * @param name the name without the NUL that it begins with in the kernel
   * @param sendTimeoutSeconds how long {@link #send} waits for room in the receiver's queue
   * @throws KernelException if no process listens there, it is not a datagram socket, or the name
   *     is too long for the kernel
   */
  public static LocalDatagramSocket connectAbstract(String name, int sendTimeoutSeconds) {
    return connect("@" + name, "\0" + name, sendTimeoutSeconds);
  }

  private static LocalDatagramSocket connect(String shown, String sunPath, int sendTimeoutSeconds) {
    byte[] name = sunPath.getBytes(StandardCharsets.UTF_8);
    if (name.length > MAX_PATH_BYTES) {
      throw new KernelException(
          "the path of a socket has at most %d bytes: %s".formatted(MAX_PATH_BYTES - 1, shown),
          new IllegalArgumentException());
    }
    int fd = (int) SOCKET.call(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
      throw new KernelException("cannot make a socket", Native.errno());
    }
    var socket = new LocalDatagramSocket(fd);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment timeout = arena.allocate(16, 8);
      timeout.set(ValueLayout.JAVA_LONG, 0, sendTimeoutSeconds);
      SETSOCKOPT.call(fd, SOL_SOCKET, SO_SNDTIMEO, timeout.address(), 16, 0);
      MemorySegment address = arena.allocate(2 + MAX_PATH_BYTES, 2);
      address.set(ValueLayout.JAVA_SHORT, 0, (short) AF_UNIX);
      MemorySegment.copy(name, 0, address, ValueLayout.JAVA_BYTE, 2, name.length);
      if ((int) CONNECT.call(fd, address.address(), 2 + name.length) != 0) {
        int errno = Native.errno();
        socket.close();
        throw new KernelException("cannot connect to " + shown, errno);
      }
    }
    return socket;
  }

  /**
   * Sends one datagram.
   *
   * @throws KernelException if the receiver is gone or has no room in time, or the datagram is too
   *     large
   */
  public void send(byte[] datagram) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocateFrom(ValueLayout.JAVA_BYTE, datagram);
      if (SEND.call(fd, bytes.address(), datagram.length, MSG_NOSIGNAL) != datagram.length) {
        throw new KernelException("cannot send", Native.errno());
      }
    }
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      Descriptors.close(fd);
    }
  }
}
