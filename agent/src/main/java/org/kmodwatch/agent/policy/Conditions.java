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

/**
 * Compiles conditions: CEL over the keys of a load record, each of which is a variable, and {@code
 * load}, which is all of them. A key that the schema does not have, or that is compared with what
 * it can never be, is an error here.
 *
 * <p>A key that this record does not have makes the condition neither true nor false, and then its
 * rule does not speak: what is not known is never expected.
 *
 * @see <a href="https://github.com/google/cel-spec/blob/master/doc/langdef.md">CEL</a>
 */
final class Conditions {

  /** The variable that is the whole record, for {@code has(load.errno)}. */
  private static final String WHOLE = "load";

  private static final String TYPES = "kmodwatch.";
  private static final int MAX_EXPRESSION = 20_000;
  private static final int MAX_ITERATIONS = 10_000;

  /** The parser calls itself nine times for each level, of a stack that may be small. */
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
    CelType whole = typeOf(RecordSchema.LOAD, TYPES + WHOLE, structs);
    var variables = new LinkedHashMap<String, CelType>();
    RecordSchema.LOAD
        .fields()
        .forEach(
            (key, type) -> variables.put(key, typeOf(type, TYPES + WHOLE + "." + key, structs)));
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

  private CelType typeOf(RecordSchema.Type type, String name, Map<String, CelType> structs) {
    return switch (type) {
      case RecordSchema.Type.Plain plain ->
          switch (plain) {
            case TEXT -> SimpleType.STRING;
            case WHOLE -> SimpleType.INT;
            case FLAG -> SimpleType.BOOL;
            case TIME -> SimpleType.TIMESTAMP;
            case TEXTS -> ListType.create(SimpleType.STRING);
            case NUMBERS -> MapType.create(SimpleType.STRING, SimpleType.INT);
          };
      case RecordSchema.Type.Groups(var each) ->
          ListType.create(typeOf(each, name + ".each", structs));
      case RecordSchema.Type.Group(var fields) -> {
        CelType made = structs.get(name);
        if (made != null) {
          yield made;
        }
        fieldNames.addAll(fields.keySet());
        var types = new LinkedHashMap<String, CelType>();
        fields.forEach((key, each) -> types.put(key, typeOf(each, name + "." + key, structs)));
        ImmutableMap<String, CelType> known = ImmutableMap.copyOf(types);
        StructType struct =
            StructType.create(name, known.keySet(), field -> Optional.ofNullable(known.get(field)));
        structs.put(name, struct);
        yield struct;
      }
    };
  }

  /**
   * Compiles {@code condition}.
   *
   * @param mark where it stands
   * @param path of the key, for messages
   * @param problems is told what is wrong with it
   * @return empty if something is
   */
  Optional<Condition> compile(String condition, Mark mark, String path, Problems problems) {
    try {
      CelAbstractSyntaxTree checked = compiler.compile(condition).getAst();
      return Optional.of(new Compiled(runtime.createProgram(checked)));
    } catch (CelValidationException e) {
      for (CelIssue issue : e.getErrors()) {
        problems.add(mark, path, told(issue));
      }
    } catch (CelEvaluationException e) {
      problems.add(mark, path, String.valueOf(e.getMessage()));
    }
    return Optional.empty();
  }

  private String told(CelIssue issue) {
    String message = issue.getMessage();
    Matcher field = UNKNOWN_FIELD.matcher(message);
    Matcher name = UNKNOWN_NAME.matcher(message);
    if (field.find()) {
      message = "there is no field " + field.group(1) + Nearest.hint(field.group(1), fieldNames);
    } else if (name.find()) {
      message =
          "there is nothing called "
              + name.group(1)
              + Nearest.hint(name.group(1), RecordSchema.LOAD.fields().keySet());
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
      Map<String, Object> whole = values(LoadRecords.toValue(record).fields(), RecordSchema.LOAD);
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

  /** Groups are always there, so that {@code has(image.sha256)} is false rather than unknown. */
  private static @Nullable Object top(Map<String, Object> whole, String name) {
    Object value = whole.get(name);
    if (value != null
        || !(RecordSchema.LOAD.fields().get(name) instanceof RecordSchema.Type.Group group)) {
      return value;
    }
    // A route of which nothing is out of the ordinary is left out of a record altogether.
    return name.equals("route") ? values(Map.of(), group) : Map.of();
  }

  private static Map<String, Object> values(
      Map<String, Value> fields, RecordSchema.Type.Group schema) {
    var values = new LinkedHashMap<String, Object>();
    fields.forEach(
        (key, value) -> {
          RecordSchema.Type type = schema.fields().get(key);
          Object converted = type == null ? null : value(value, type);
          if (converted != null) {
            values.put(key, converted);
          }
        });
    schema
        .fields()
        .forEach(
            (key, type) -> {
              // A record leaves out what is false or empty, which is known all the same.
              if (type == RecordSchema.Type.Plain.TEXTS) {
                values.putIfAbsent(key, List.of());
              } else if (ALWAYS_KNOWN.contains(key)) {
                values.putIfAbsent(key, false);
              }
            });
    return values;
  }

  /** Flags that a record leaves out where they are false; others it leaves out if not known. */
  static final Set<String> ALWAYS_KNOWN =
      Set.of("memoryOnly", "autoload", "deleted", "codeMayHaveRun", "preExisting", "complete");

  private static @Nullable Object value(Value value, RecordSchema.Type type) {
    return switch (type) {
      case RecordSchema.Type.Plain plain -> plain(value, plain);
      case RecordSchema.Type.Group group ->
          value instanceof Value.Obj(var fields) ? values(fields, group) : null;
      case RecordSchema.Type.Groups(var each) ->
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

  private static @Nullable Object plain(Value value, RecordSchema.Type.Plain type) {
    return switch (type) {
      case TEXT -> value instanceof Value.Str(String text) ? text : null;
      case WHOLE -> value instanceof Value.Num number ? whole(number) : null;
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
