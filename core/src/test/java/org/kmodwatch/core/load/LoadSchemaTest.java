package org.kmodwatch.core.load;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.Set;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.kmodwatch.core.event.Value;
import org.kmodwatch.core.load.LoadSchema.Field;
import org.kmodwatch.core.load.LoadSchema.FieldType;
import org.kmodwatch.core.testing.FullRecord;

@NullMarked
final class LoadSchemaTest {

  private static final String WRITE = "kmodwatch.docs";

  private static final String REMEDY =
      "remedy: mvn test -pl core -Dtest=LoadSchemaTest -D" + WRITE + "=write";

  private static final Path DOCS = Path.of("../docs/reference");

  @Test
  void schema_hasTheKeysOfARecord_andNoOthers() {
    var known = new LinkedHashSet<String>();
    paths("", LoadSchema.type(), known);
    var written = new LinkedHashSet<String>();
    paths("", LoadRecords.toValue(FullRecord.full()), written);

    assertThat(written).containsExactlyElementsOf(known);
  }

  @Test
  void schemaInDocs_isThatOfTheFields() throws IOException {
    held(DOCS.resolve("load-record.schema.json"), LoadSchemaDocs.jsonSchema());
  }

  @Test
  void tableInDocs_isThatOfTheFields() throws IOException {
    Path page = DOCS.resolve("load-record.md");
    held(page, LoadSchemaDocs.withTable(Files.readString(page)));
  }

  private static void held(Path file, String text) throws IOException {
    if (System.getProperty(WRITE) != null) {
      Files.writeString(file, text);
    }
    assertThat(Files.readString(file)).as(REMEDY).isEqualTo(text);
  }

  private static void paths(String path, FieldType type, Set<String> paths) {
    switch (type) {
      case FieldType.Group(var fields) -> {
        for (Field field : fields) {
          paths(path + "." + field.key(), field.type(), paths);
        }
      }
      case FieldType.Groups(var each) -> paths(path + "[]", each, paths);
      case FieldType.Constant constant -> paths.add(path + ":Str");
      case FieldType.Words words -> paths.add(path + ":Str");
      case FieldType.Plain plain ->
          paths.add(
              path
                  + switch (plain) {
                    case TEXT, TIME -> ":Str";
                    case WHOLE, UNSIGNED -> ":Num";
                    case FLAG -> ":Bool";
                    case TEXTS -> ":texts";
                    case NUMBERS -> ":numbers";
                  });
    }
  }

  private static void paths(String path, Value value, Set<String> paths) {
    switch (value) {
      case Value.Obj(var fields) when path.endsWith(".namespaces") -> paths.add(path + ":numbers");
      case Value.Obj(var fields) ->
          fields.forEach((key, each) -> paths(path + "." + key, each, paths));
      case Value.Array(var items) when items.getFirst() instanceof Value.Str ->
          paths.add(path + ":texts");
      case Value.Array(var items) -> items.forEach(each -> paths(path + "[]", each, paths));
      default -> paths.add(path + ":" + value.getClass().getSimpleName());
    }
  }
}
