package org.kmodwatch.agent.sink;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.ConnectException;
import java.net.http.HttpClient;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.agent.format.Format;
import org.kmodwatch.agent.output.NoticeIds;

/** Sends batches by HTTP POST. */
final class HttpTransport implements Transport {

  static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(5);
  static final Duration REQUEST_TIMEOUT = Duration.ofSeconds(30);

  /** Names the header with the time and the HMAC of a request, sent if a key is configured. */
  static final String SIGNATURE_HEADER = "X-Kmodwatch-Signature";

  /** Limits Retry-After: a longer delay is a receiver's mistake or an attack. */
  static final Duration MOST_RETRY_AFTER = Duration.ofHours(1);

  /**
   * Lists the statuses that reject the content: bad request, conflict, too large, unprocessable.
   * The other 4xx statuses concern the sender or the URL: an expired token must not lose findings.
   */
  private static final Set<Integer> REFUSALS = Set.of(400, 409, 413, 422);

  private final WebhookTarget webhook;
  private final String contentType;
  private final String userAgent;
  private final InstantSource clock;
  private final Duration timeout;
  private final ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor();
  private final HttpClient client;

  /**
   * Creates a transport.
   *
   * @param contentType the content type of one item ({@link
   *     org.kmodwatch.agent.format.Format#contentType})
   * @throws SinkException if the TLS files cannot be used
   */
  HttpTransport(
      WebhookTarget webhook,
      String contentType,
      String version,
      InstantSource clock,
      Duration timeout) {
    this.webhook = webhook;
    this.contentType = contentType;
    this.userAgent = "kmodwatch/" + version;
    this.clock = clock;
    this.timeout = timeout;
    this.client =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .followRedirects(HttpClient.Redirect.NEVER)
            .connectTimeout(CONNECT_TIMEOUT)
            .sslContext(Tls.context(webhook.tls()))
            .executor(executor)
            .build();
  }

  @Override
  public Answer send(List<Item> batch) throws InterruptedException {
    HttpRequest request;
    try {
      request = request(batch);
    } catch (IOException e) {
      return new Answer.Later(String.valueOf(e.getMessage()), null);
    } catch (IllegalArgumentException e) {
      // The exception's message may contain the token or the whole URL.
      return new Answer.Later("the request cannot be made of URL and token", null);
    }
    // The request's own timeout ends with the headers; a body may last for ever.
    CompletableFuture<HttpResponse<Void>> response =
        client.sendAsync(request, HttpResponse.BodyHandlers.discarding());
    try {
      return answer(response.get(timeout.toMillis(), TimeUnit.MILLISECONDS));
    } catch (TimeoutException e) {
      return new Answer.Later("no answer within %d s".formatted(timeout.toSeconds()), null);
    } catch (ExecutionException e) {
      return new Answer.Later(why(e.getCause()), null);
    } finally {
      response.cancel(true);
    }
  }

  @Override
  public int maxItems() {
    return webhook.maxItems();
  }

  private HttpRequest request(List<Item> batch) throws IOException {
    byte[] body = body(batch);
    HttpRequest.Builder request =
        HttpRequest.newBuilder(webhook.uri())
            .timeout(timeout)
            .header("Content-Type", bodyType())
            .header("User-Agent", userAgent)
            .header(
                "Idempotency-Key",
                NoticeIds.sha256(batch.stream().map(Item::id).collect(Collectors.joining("\n"))))
            .POST(HttpRequest.BodyPublishers.ofByteArray(body));
    if (webhook.token() != null) {
      request.header("Authorization", "Bearer " + webhook.token().readWord());
    }
    webhook.headers().forEach(request::setHeader);
    for (var header : webhook.secretHeaders().entrySet()) {
      request.setHeader(header.getKey(), header.getValue().read());
    }
    if (webhook.hmac() != null) {
      request.header(SIGNATURE_HEADER, signature(webhook.hmac().read(), body));
    }
    return request.build();
  }

  private String bodyType() {
    boolean manyLines = contentType.equals(Format.JSON) && webhook.lines();
    return manyLines ? "application/x-ndjson" : contentType;
  }

  private byte[] body(List<Item> batch) {
    if (webhook.maxItems() == 1) {
      return batch.getFirst().body();
    }
    if (webhook.lines() || !contentType.equals(Format.JSON)) {
      return Item.lines(batch);
    }
    var body = new ByteArrayOutputStream();
    char before = '[';
    for (Item item : batch) {
      body.write(before);
      body.writeBytes(item.body());
      before = ',';
    }
    body.write(']');
    return body.toByteArray();
  }

  /** Returns {@code t=SECONDS,v1=HEX}: an HMAC-SHA256 over the seconds, a dot, and the body. */
  private String signature(String key, byte[] body) {
    long seconds = clock.instant().getEpochSecond();
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(key.getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
      mac.update((seconds + ".").getBytes(StandardCharsets.US_ASCII));
      return "t=%d,v1=%s".formatted(seconds, HexFormat.of().formatHex(mac.doFinal(body)));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java has HmacSHA256", e);
    }
  }

  private Answer answer(HttpResponse<Void> response) {
    int status = response.statusCode();
    if (status >= 200 && status < 300) {
      return new Answer.Taken();
    }
    if (REFUSALS.contains(status)) {
      return new Answer.Refused("status=" + status);
    }
    return new Answer.Later("HTTP status " + status, retryAfter(response.headers()));
  }

  private @Nullable Duration retryAfter(HttpHeaders headers) {
    String text = headers.firstValue("Retry-After").orElse("").strip();
    Duration wanted;
    if (text.matches("[0-9]{1,9}")) {
      wanted = Duration.ofSeconds(Long.parseLong(text));
    } else {
      try {
        Instant then = ZonedDateTime.parse(text, DateTimeFormatter.RFC_1123_DATE_TIME).toInstant();
        wanted = Duration.between(clock.instant(), then);
      } catch (DateTimeParseException notSaid) {
        return null;
      }
    }
    if (wanted.isNegative()) {
      return null;
    }
    return wanted.compareTo(MOST_RETRY_AFTER) > 0 ? MOST_RETRY_AFTER : wanted;
  }

  private static String why(@Nullable Throwable failure) {
    if (failure instanceof ConnectException) {
      return "cannot connect";
    }
    if (failure == null || failure.getMessage() == null) {
      return "the connection failed";
    }
    return failure.getMessage();
  }

  @Override
  public void close() {
    client.shutdownNow();
    executor.shutdownNow();
  }
}
