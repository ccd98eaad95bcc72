package org.kmodwatch.agent.watch;

import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.kmodwatch.agent.output.OutputAccount;
import org.kmodwatch.agent.pipeline.AlertsAccount;
import org.kmodwatch.agent.pipeline.LoadsAccount;
import org.kmodwatch.agent.sink.SinkAccount;
import org.kmodwatch.core.engine.EngineStatistics;
import org.kmodwatch.core.event.Value;
import org.kmodwatch.sensor.SensorStatistics;

/**
 * The account of a run at one moment. For the sensor and for each lane: seen = delivered +
 * suppressed + lost + pending.
 *
 * @param time the time of the account
 * @param complete whether the sensor was drained, so that no event is pending
 * @param sensor the sensor's account
 * @param engine the engine's account
 * @param eventsByName the number of events of each name that the engine received, from the sensor
 *     or made by Kmodwatch from load records
 * @param loads the account of the loads
 * @param sinks the account of each sink
 * @param outputs the accounts of standard output and of the recording
 * @param alerts the account of the alerts and of the policy
 */
public record Ledger(
    Instant time,
    boolean complete,
    SensorStatistics sensor,
    EngineStatistics engine,
    Map<String, Long> eventsByName,
    LoadsAccount loads,
    List<SinkAccount> sinks,
    List<OutputAccount> outputs,
    AlertsAccount alerts) {

  public Ledger {
    eventsByName = Map.copyOf(eventsByName);
    sinks = List.copyOf(sinks);
    outputs = List.copyOf(outputs);
  }

  /** Returns {@code ledger.json}, schema {@code kmodwatch.ledger/1}. */
  Value toJson() {
    var json = new LinkedHashMap<String, Value>();
    json.put("schema", Value.of("kmodwatch.ledger/1"));
    json.put("time", Value.of(time.toString()));
    json.put("complete", Value.of(complete));
    json.put("sensor", sensorJson());
    json.put("engine", engineJson());
    json.put("loads", loads.toJson());
    json.put("sinks", new Value.Array(sinks.stream().map(SinkAccount::toJson).toList()));
    json.put("outputs", new Value.Array(outputs.stream().map(OutputAccount::toJson).toList()));
    json.put("alerts", alerts.toJson());
    return new Value.Obj(json);
  }

  private Value sensorJson() {
    var json = new LinkedHashMap<String, Value>();
    json.put("seen", Value.of(sensor.seen()));
    json.put("delivered", Value.of(sensor.delivered()));
    json.put("suppressed", Value.of(sensor.suppressed()));
    json.put("lost", Value.of(sensor.lost()));
    json.put("pending", Value.of(sensor.pending()));
    var byReason = new LinkedHashMap<String, Value>();
    SensorStatistics.OfLane attempts = sensor.attempts();
    SensorStatistics.OfLane loads = sensor.loads();
    byReason.put("ringFull", Value.of(attempts.ringFull() + loads.ringFull()));
    byReason.put("noWorkSpace", Value.of(sensor.noWorkSpace()));
    byReason.put("malformed", Value.of(attempts.malformed() + loads.malformed()));
    byReason.put("missing", Value.of(attempts.missing() + loads.missing()));
    byReason.put("unread", Value.of(attempts.unread() + loads.unread()));
    json.put("lostByReason", new Value.Obj(byReason));
    var lanes = new LinkedHashMap<String, Value>();
    lanes.put("attempts", laneJson(attempts));
    lanes.put("loads", laneJson(loads));
    json.put("lanes", new Value.Obj(lanes));
    json.put("unlisted", Value.of(sensor.unlisted()));
    json.put("crowdedOut", Value.of(sensor.crowdedOut()));
    var missed = new LinkedHashMap<String, Value>();
    new TreeMap<>(sensor.missed()).forEach((hook, count) -> missed.put(hook, Value.of(count)));
    json.put("missedByHook", new Value.Obj(missed));
    var images = new LinkedHashMap<String, Value>();
    images.put("seen", Value.of(sensor.images()));
    images.put("incomplete", Value.of(sensor.imagesCut()));
    images.put("expired", Value.of(sensor.imagesExpired()));
    images.put("malformedChunks", Value.of(sensor.malformedChunks()));
    json.put("images", new Value.Obj(images));
    return new Value.Obj(json);
  }

  private static Value laneJson(SensorStatistics.OfLane lane) {
    var json = new LinkedHashMap<String, Value>();
    json.put("seen", Value.of(lane.seen()));
    json.put("delivered", Value.of(lane.delivered()));
    json.put("suppressed", Value.of(lane.suppressed()));
    json.put("lost", Value.of(lane.lost()));
    json.put("pending", Value.of(lane.pending()));
    json.put("gaps", Value.of(lane.gaps()));
    return new Value.Obj(json);
  }

  private Value engineJson() {
    var json = new LinkedHashMap<String, Value>();
    json.put("events", Value.of(engine.events()));
    var byName = new LinkedHashMap<String, Value>();
    new TreeMap<>(eventsByName).forEach((name, count) -> byName.put(name, Value.of(count)));
    json.put("eventsByName", new Value.Obj(byName));
    json.put(
        "signatures",
        new Value.Array(engine.signatures().stream().map(Ledger::signatureJson).toList()));
    return new Value.Obj(json);
  }

  private static Value signatureJson(EngineStatistics.OfSignature signature) {
    var json = new LinkedHashMap<String, Value>();
    json.put("id", Value.of(signature.id()));
    json.put("received", Value.of(signature.received()));
    json.put("findings", Value.of(signature.findings()));
    json.put("malformed", Value.of(signature.malformed()));
    json.put("failures", Value.of(signature.failures()));
    return new Value.Obj(json);
  }
}
