package org.kmodwatch.agent.policy;

import com.google.common.collect.ImmutableCollection;
import com.google.common.collect.ImmutableMap;
import dev.cel.common.CelAbstractSyntaxTree;
import dev.cel.common.CelErrorCode;
import dev.cel.common.CelIssue;
import dev.cel.common.CelOptions;
import dev.cel.common.CelValidationException;
import dev.cel.common.types.CelType;
import dev.cel.common.types.CelTypeProvider;
import dev.cel.common.types.ListType;
import dev.cel.common.types.MapType;
import dev.cel.common.types.SimpleType;
import dev.cel.common.types.StructType;
import dev.cel.compiler.CelCompiler;
import dev.cel.compiler.CelCompilerBuilder;
import dev.cel.compiler.CelCompilerFactory;
import dev.cel.parser.CelStandardMacro;
import dev.cel.runtime.CelEvaluationException;
import dev.cel.runtime.CelRuntime;
import dev.cel.runtime.CelRuntimeFactory;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.agent.config.Mark;
import org.kmodwatch.agent.config.Nearest;
import org.kmodwatch.agent.config.Problems;
import org.kmodwatch.core.event.Value;
import org.kmodwatch.core.load.LoadRecord;
import org.kmodwatch.core.load.LoadRecords;
import org.kmodwatch.core.load.LoadSchema;
import org.kmodwatch.core.load.LoadSchema.Field;
import org.kmodwatch.core.load.LoadSchema.FieldType;

/**
 * Compiles conditions: CEL over the keys of a load record. Each key is a variable, and {@code load}
 * contains all of them. A key that the schema does not have is an error here. So is a comparison
 * with an impossible value.
 *
 * <p>A key that a record does not have makes the condition neither true nor false. Then its rule
 * does not apply: an unknown value is never expected.
 *
 * @see <a href="https://github.com/google/cel-spec/blob/master/doc/langdef.md">CEL</a>
 */
final class Conditions {

  /** The variable for the whole record, for {@code has(load.errno)}. */
  private static final String WHOLE = "load";

  /** The record without the verdict, which the conditions determine. */
  private static final FieldType.Group LOAD =
      new FieldType.Group(
          LoadSchema.type().fields().stream().filter(f -> !f.key().equals("policy")).toList());

  private static final Map<String, Field> TOP =
      LOAD.fields().stream().collect(ImmutableMap.toImmutableMap(Field::key, field -> field));

  private static final String TYPES = "kmodwatch.";
  private static final int MAX_EXPRESSION = 20_000;
  private static final int MAX_ITERATIONS = 10_000;

  /** The parser is recursive, with nine calls for each level, and the stack may be small. */
  private static final int MAX_DEPTH = 50;

  private static final Pattern UNKNOWN_FIELD = Pattern.compile("undefined field '([^']+)'");
  private static final Pattern UNKNOWN_NAME = Pattern.compile("undeclared reference to '([^']+)'");

  private static final CelOptions OPTIONS =
      CelOptions.current()
          .maxExpressionCodePointSize(MAX_EXPRESSION)
          .maxParseRecursionDepth(MAX_DEPTH)
          .comprehensionMaxIterations(MAX_ITERATIONS)
          .build();

  private final CelCompiler compiler;
  private final CelRuntime runtime;
  private final Set<String> fieldNames = new LinkedHashSet<>();

  Conditions() {
    var structs = new LinkedHashMap<String, CelType>();
    CelType whole = typeOf(LOAD, TYPES + WHOLE, structs);
    var variables = new LinkedHashMap<String, CelType>();
    TOP.forEach(
        (key, field) ->
            variables.put(key, typeOf(field.type(), TYPES + WHOLE + "." + key, structs)));
    CelCompilerBuilder builder =
        CelCompilerFactory.standardCelCompilerBuilder()
            .setOptions(OPTIONS)
            .setStandardMacros(CelStandardMacro.STANDARD_MACROS)
            .setTypeProvider(new Types(ImmutableMap.copyOf(structs)))
            .addVar(WHOLE, whole)
            .setResultType(SimpleType.BOOL);
    variables.forEach(builder::addVar);
    this.compiler = builder.build();
    this.runtime = CelRuntimeFactory.legacyCelRuntimeBuilder().setOptions(OPTIONS).build();
  }

  private record Types(ImmutableMap<String, CelType> structs) implements CelTypeProvider {
    @Override
    public ImmutableCollection<CelType> types() {
      return structs.values();
    }

    @Override
    public Optional<CelType> findType(String name) {
      return Optional.ofNullable(structs.get(name));
    }
  }

  private CelType typeOf(FieldType type, String name, Map<String, CelType> structs) {
    return switch (type) {
      case FieldType.Constant _, FieldType.Words _ -> SimpleType.STRING;
      case FieldType.Plain plain ->
          switch (plain) {
            case TEXT -> SimpleType.STRING;
            case WHOLE, UNSIGNED -> SimpleType.INT;
            case FLAG -> SimpleType.BOOL;
            case TIME -> SimpleType.TIMESTAMP;
            case TEXTS -> ListType.create(SimpleType.STRING);
            case NUMBERS -> MapType.create(SimpleType.STRING, SimpleType.INT);
          };
      case FieldType.Groups(var each) -> ListType.create(typeOf(each, name + ".each", structs));
      case FieldType.Group(var fields) -> {
        CelType made = structs.get(name);
        if (made != null) {
          yield made;
        }
        var types = new LinkedHashMap<String, CelType>();
        for (Field field : fields) {
          fieldNames.add(field.key());
          types.put(field.key(), typeOf(field.type(), name + "." + field.key(), structs));
        }
        ImmutableMap<String, CelType> known = ImmutableMap.copyOf(types);
        StructType struct =
            StructType.create(name, known.keySet(), key -> Optional.ofNullable(known.get(key)));
        structs.put(name, struct);
        yield struct;
      }
    };
  }

  /**
   * Compiles {@code condition}.
   *
   * @param mark its position
   * @param path the path of the key, for messages
   * @param problems receives its errors
   * @return the condition; empty if it has an error
   */
  Optional<Condition> compile(String condition, Mark mark, String path, Problems problems) {
    try {
      CelAbstractSyntaxTree checked = compiler.compile(condition).getAst();
      return Optional.of(new Compiled(runtime.createProgram(checked)));
    } catch (CelValidationException e) {
      for (CelIssue issue : e.getErrors()) {
        problems.add(mark, path, messageOf(issue));
      }
    } catch (CelEvaluationException e) {
      problems.add(mark, path, String.valueOf(e.getMessage()));
    }
    return Optional.empty();
  }

  private String messageOf(CelIssue issue) {
    String message = issue.getMessage();
    Matcher field = UNKNOWN_FIELD.matcher(message);
    Matcher name = UNKNOWN_NAME.matcher(message);
    if (field.find()) {
      message = "there is no field " + field.group(1) + Nearest.hint(field.group(1), fieldNames);
    } else if (name.find()) {
      message =
          "there is nothing called " + name.group(1) + Nearest.hint(name.group(1), TOP.keySet());
    }
    return "in the condition at %d:%d: %s"
        .formatted(
            issue.getSourceLocation().getLine(),
            issue.getSourceLocation().getColumn() + 1,
            message);
  }

  private record Compiled(CelRuntime.Program program) implements Condition {
    @Override
    public Answer of(LoadRecord record) {
      Map<String, Object> whole = values(LoadRecords.toValue(record).fields(), LOAD);
      try {
        return program.eval(
                    name -> Optional.ofNullable(name.equals(WHOLE) ? whole : top(whole, name)))
                instanceof Boolean yes
            ? yes ? Answer.Plain.YES : Answer.Plain.NO
            : Answer.Plain.NOT_KNOWN;
      } catch (CelEvaluationException e) {
        return e.getErrorCode() == CelErrorCode.ATTRIBUTE_NOT_FOUND
            ? Answer.Plain.NOT_KNOWN
            : new Answer.Failed(String.valueOf(e.getMessage()));
      }
    }
  }

  /**
   * Returns a variable. Groups are always present, so that {@code has(image.sha256)} is false, not
   * unknown.
   */
  private static @Nullable Object top(Map<String, Object> whole, String name) {
    Object value = whole.get(name);
    Field field = TOP.get(name);
    return value != null || field == null || !(field.type() instanceof FieldType.Group group)
        ? value
        : field.knownWhenAbsent() ? values(Map.of(), group) : Map.of();
  }

  private static Map<String, Object> values(Map<String, Value> fields, FieldType.Group group) {
    var values = new LinkedHashMap<String, Object>();
    for (Field field : group.fields()) {
      Value given = fields.get(field.key());
      Object value = given == null ? null : value(given, field.type());
      if (value == null && field.knownWhenAbsent()) {
        value = whenAbsent(field.type());
      }
      if (value != null) {
        values.put(field.key(), value);
      }
    }
    return values;
  }

  private static @Nullable Object whenAbsent(FieldType type) {
    return type == FieldType.Plain.TEXTS
        ? (Object) List.of()
        : type == FieldType.Plain.FLAG ? (Object) false : null;
  }

  private static @Nullable Object value(Value value, FieldType type) {
    return switch (type) {
      case FieldType.Constant _, FieldType.Words _ -> plain(value, FieldType.Plain.TEXT);
      case FieldType.Plain plain -> plain(value, plain);
      case FieldType.Group group ->
          value instanceof Value.Obj(var fields) ? values(fields, group) : null;
      case FieldType.Groups(var each) ->
          value instanceof Value.Array(var items)
              ? items.stream()
                  .flatMap(
                      item ->
                          item instanceof Value.Obj(var fields)
                              ? Stream.of(values(fields, each))
                              : Stream.empty())
                  .toList()
              : null;
    };
  }

  private static @Nullable Object plain(Value value, FieldType.Plain type) {
    return switch (type) {
      case TEXT -> value instanceof Value.Str(String text) ? text : null;
      case WHOLE, UNSIGNED -> value instanceof Value.Num number ? whole(number) : null;
      case FLAG -> value instanceof Value.Bool(boolean flag) ? flag : null;
      case TIME -> value instanceof Value.Str(String text) ? time(text) : null;
      case TEXTS ->
          value instanceof Value.Array(var items)
              ? items.stream()
                  .flatMap(
                      item ->
                          item instanceof Value.Str(String text) ? Stream.of(text) : Stream.empty())
                  .toList()
              : null;
      case NUMBERS -> {
        var numbers = new LinkedHashMap<String, Object>();
        if (value instanceof Value.Obj(var fields)) {
          fields.forEach(
              (key, number) -> {
                if (number instanceof Value.Num num && whole(num) != null) {
                  numbers.put(key, whole(num));
                }
              });
        }
        yield numbers;
      }
    };
  }

  private static @Nullable Long whole(Value.Num number) {
    OptionalLong bits = number.bits();
    return bits.isPresent() ? bits.getAsLong() : null;
  }

  private static @Nullable Instant time(String text) {
    try {
      return Instant.parse(text);
    } catch (DateTimeParseException e) {
      return null;
    }
  }
}
