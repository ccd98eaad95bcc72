package org.kmodwatch.agent.sink;

import java.net.URI;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A receiver that takes OpenTelemetry logs, by OTLP over HTTP with protobuf.
 *
 * @param endpoint the whole URL, usually with {@code /v1/logs}; https, or http to this machine
 * @param headers more headers, by name
 * @param secretHeaders more headers that are never shown, by name; read once
 * @param tls the trusted and our own certificates
 */
public record OtlpTarget(
    URI endpoint, Map<String, String> headers, Map<String, Secret> secretHeaders, TlsFiles tls)
    implements Target {

  /** Copies the maps. */
  public OtlpTarget {
    headers = Collections.unmodifiableMap(new LinkedHashMap<>(headers));
    secretHeaders = Collections.unmodifiableMap(new LinkedHashMap<>(secretHeaders));
  }

  @Override
  public String shown() {
    return WebhookTarget.shown(endpoint);
  }
}
