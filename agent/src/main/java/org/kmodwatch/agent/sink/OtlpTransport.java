package org.kmodwatch.agent.sink;

import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.common.AttributesBuilder;
import io.opentelemetry.api.common.Value;
import io.opentelemetry.api.logs.Severity;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.exporter.internal.FailedExportException;
import io.opentelemetry.exporter.otlp.http.logs.OtlpHttpLogRecordExporter;
import io.opentelemetry.exporter.otlp.http.logs.OtlpHttpLogRecordExporterBuilder;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.common.InstrumentationScopeInfo;
import io.opentelemetry.sdk.logs.data.LogRecordData;
import io.opentelemetry.sdk.resources.Resource;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Sends items as OpenTelemetry log records. The sink has its own queue, retry and spool, so the
 * exporter is called for each batch and does not retry.
 */
final class OtlpTransport implements Transport {

  private static final Duration TIMEOUT = Duration.ofSeconds(30);

  /** Lists the statuses that reject the content. Another status must not lose a finding. */
  private static final Set<Integer> REFUSALS = Set.of(400, 413, 422);

  /**
   * The reference keeps the logger alive: a logger without one may be collected and lose its level.
   */
  private static final Logger EXPORTER_LOG = Logger.getLogger("io.opentelemetry");

  private static final AttributeKey<String> ID = AttributeKey.stringKey("kmodwatch.id");
  private static final AttributeKey<String> KIND = AttributeKey.stringKey("kmodwatch.kind");

  private final OtlpTarget target;
  private final Resource resource;
  private final InstrumentationScopeInfo scope;
  private final InstantSource clock;
  private volatile @Nullable OtlpHttpLogRecordExporter exporter;

  OtlpTransport(OtlpTarget target, String version, @Nullable String host, InstantSource clock) {
    this.target = target;
    this.clock = clock;
    this.resource = Resource.create(resource(version, host));
    this.scope = InstrumentationScopeInfo.builder("kmodwatch").setVersion(version).build();
    // The exporter logs every failure; the answer already reports it.
    EXPORTER_LOG.setLevel(Level.OFF);
  }

  private static Attributes resource(String version, @Nullable String host) {
    AttributesBuilder attributes =
        Attributes.builder()
            .put("service.name", "kmodwatch")
            .put("service.version", version)
            .put("os.type", "linux");
    if (host != null) {
      attributes.put("host.name", host);
    }
    return attributes.build();
  }

  @Override
  public Answer send(List<Item> batch) {
    CompletableResultCode result;
    try {
      OtlpHttpLogRecordExporter known = exporter;
      OtlpHttpLogRecordExporter open = known == null ? open() : known;
      long now = clock.millis() * 1_000_000;
      result =
          open.export(
              batch.stream()
                  .<LogRecordData>map(item -> new ItemRecord(item, resource, scope, now))
                  .toList());
    } catch (IOException e) {
      return new Answer.Later(String.valueOf(e.getMessage()), null);
    }
    result.join(TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
    if (result.isSuccess()) {
      return new Answer.Taken();
    }
    return switch (result.getFailureThrowable()) {
      case FailedExportException.HttpExportException http when http.getResponse() != null ->
          answer(http.getResponse().getStatusCode());
      case null -> new Answer.Later("no answer within %d s".formatted(TIMEOUT.toSeconds()), null);
      case Throwable failure -> new Answer.Later(why(failure), null);
    };
  }

  private static Answer answer(int status) {
    return REFUSALS.contains(status)
        ? new Answer.Refused("status=" + status)
        : new Answer.Later("HTTP status " + status, null);
  }

  private static String why(Throwable failure) {
    Throwable cause = failure.getCause() == null ? failure : failure.getCause();
    return cause.getMessage() == null ? "cannot connect" : cause.getMessage();
  }

  private OtlpHttpLogRecordExporter open() throws IOException {
    OtlpHttpLogRecordExporterBuilder builder =
        OtlpHttpLogRecordExporter.builder()
            .setEndpoint(target.endpoint().toString())
            .setTimeout(TIMEOUT)
            .setConnectTimeout(HttpTransport.CONNECT_TIMEOUT)
            .setRetryPolicy(null);
    target.headers().forEach(builder::addHeader);
    for (var header : target.secretHeaders().entrySet()) {
      builder.addHeader(header.getKey(), header.getValue().read());
    }
    if (!target.tls().equals(TlsFiles.NONE)) {
      builder.setSslContext(Tls.context(target.tls()), Tls.trustManager(target.tls()));
    }
    OtlpHttpLogRecordExporter opened = builder.build();
    exporter = opened;
    return opened;
  }

  /** Presents an item as a log record: the item's line is the body. */
  private record ItemRecord(
      Item item, Resource resource, InstrumentationScopeInfo scope, long observedNanos)
      implements LogRecordData {

    @Override
    public Resource getResource() {
      return resource;
    }

    @Override
    public InstrumentationScopeInfo getInstrumentationScopeInfo() {
      return scope;
    }

    @Override
    public long getTimestampEpochNanos() {
      return item.timeNanos();
    }

    @Override
    public long getObservedTimestampEpochNanos() {
      return observedNanos;
    }

    @Override
    public SpanContext getSpanContext() {
      return SpanContext.getInvalid();
    }

    @Override
    public Severity getSeverity() {
      return switch (Math.clamp(item.severity(), 0, 3)) {
        case 0 -> Severity.INFO;
        case 1 -> Severity.INFO2;
        case 2 -> Severity.WARN;
        default -> Severity.ERROR;
      };
    }

    @Override
    public String getSeverityText() {
      return getSeverity().name();
    }

    @Override
    public Value<?> getBodyValue() {
      return Value.of(new String(item.body(), StandardCharsets.UTF_8));
    }

    @Override
    @Deprecated
    public io.opentelemetry.sdk.logs.data.Body getBody() {
      return io.opentelemetry.sdk.logs.data.Body.string(getBodyValue().asString());
    }

    @Override
    public Attributes getAttributes() {
      return Attributes.of(ID, item.id(), KIND, item.kind().word());
    }

    @Override
    public int getTotalAttributeCount() {
      return 2;
    }

    @Override
    public String getEventName() {
      return "kmodwatch." + item.kind().word();
    }
  }

  @Override
  public void close() {
    OtlpHttpLogRecordExporter open = exporter;
    if (open != null) {
      open.shutdown();
      exporter = null;
    }
  }
}
