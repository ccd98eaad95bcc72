package org.kmodwatch.agent.sink;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.ConnectException;
import java.net.http.HttpClient;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** POSTs batches as JSON arrays. */
final class HttpTransport implements Transport {

  static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(5);
  static final Duration REQUEST_TIMEOUT = Duration.ofSeconds(30);

  /** A receiver that asks for more has made a mistake, or does not mean well. */
  static final Duration MOST_RETRY_AFTER = Duration.ofHours(1);

  /**
   * The statuses that blame the content: bad request, conflict, too large, unprocessable. The
   * others of the 4xx blame who asks, or where: a token that ran out must not cost findings.
   */
  private static final Set<Integer> REFUSALS = Set.of(400, 409, 413, 422);

  private final Webhook webhook;
  private final String userAgent;
  private final InstantSource clock;
  private final Duration timeout;
  private final ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor();
  private final HttpClient client;

  HttpTransport(Webhook webhook, String version, InstantSource clock, Duration timeout) {
    this.webhook = webhook;
    this.userAgent = "kmodwatch/" + version;
    this.clock = clock;
    this.timeout = timeout;
    this.client =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .followRedirects(HttpClient.Redirect.NEVER)
            .connectTimeout(CONNECT_TIMEOUT)
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
      // Its message may have the token or the whole URL in it.
      return new Answer.Later("the request cannot be made of URL and token", null);
    }
    // The request's own timeout ends with the headers; a body may go on for ever.
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

  private HttpRequest request(List<Item> batch) throws IOException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(webhook.uri())
            .timeout(timeout)
            .header("Content-Type", "application/json")
            .header("User-Agent", userAgent)
            .header(
                "Idempotency-Key",
                Items.sha256(batch.stream().map(Item::id).collect(Collectors.joining("\n"))))
            .POST(HttpRequest.BodyPublishers.ofByteArray(body(batch)));
    webhook.token().ifPresent(token -> request.header("Authorization", "Bearer " + token));
    return request.build();
  }

  private static byte[] body(List<Item> batch) {
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

  private Answer answer(HttpResponse<Void> response) {
    int status = response.statusCode();
    if (status >= 200 && status < 300) {
      return new Answer.Taken();
    }
    if (REFUSALS.contains(status)) {
      return new Answer.Refused(status);
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
