package org.kmodwatch.agent.format;

import static org.assertj.core.api.Assertions.assertThat;

import com.fluenda.parcefone.event.CommonEvent;
import com.fluenda.parcefone.parser.CEFParser;
import com.networknt.schema.InputFormat;
import com.networknt.schema.SchemaLocation;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Reads what is written in other people's formats by what is not ours. */
public final class ForeignReaders {

  private ForeignReaders() {}

  /** What is wrong with a JSON text by the schema of {@code format}: ECS, OCSF or Falco. */
  public static List<?> faults(FormatName format, String json) {
    return SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12)
        .getSchema(
            SchemaLocation.of(
                "classpath:org/kmodwatch/agent/format/%s.schema.json".formatted(format.word())))
        .validate(json, InputFormat.JSON);
  }

  /** The extension of a message in CEF, by key. */
  public static Map<String, Object> cefExtension(String message) throws Exception {
    CommonEvent parsed = new CEFParser().parse(message, false, true, Locale.ROOT);
    assertThat(parsed).as(message).isNotNull();
    return parsed.getExtension(true, true);
  }
}
