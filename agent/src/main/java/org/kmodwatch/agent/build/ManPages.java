package org.kmodwatch.agent.build;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.kmodwatch.agent.Main;
import org.kmodwatch.agent.shell.Shell;
import org.kmodwatch.agent.shell.Version;
import picocli.CommandLine;
import picocli.CommandLine.Help;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.Model.UsageMessageSpec;

/**
 * Writes the manual from what {@code --help} is made of: kmodwatch(8), and a page for each of its
 * commands, with that one's own commands in it. In man(7), which every {@code man} reads.
 *
 * <p>Our own rather than picocli's ManPageGenerator: that writes AsciiDoc, so each build would need
 * Asciidoctor and Ruby, and has a page of its own for each command of a command.
 */
public final class ManPages {

  private static final String SECTION = "8";

  private final Map<String, String> exitStatus;
  private final String more;
  private final String version;

  private ManPages(Map<String, String> exitStatus, String more, String version) {
    this.exitStatus = exitStatus;
    this.more = more;
    this.version = version;
  }

  /**
   * Writes the pages of all commands that are there.
   *
   * @param args a folder, and a file with sections in man(7) that kmodwatch(8) has beside those
   *     made here
   */
  public static void main(String[] args) throws IOException {
    CommandLine commands = new Main(Shell.ofProcess()).everyCommand();
    Path folder = Files.createDirectories(Path.of(args[0]));
    for (Map.Entry<String, String> page :
        of(commands, Files.readString(Path.of(args[1])), Version.text()).entrySet()) {
      Files.writeString(folder.resolve(page.getKey()), page.getValue());
    }
  }

  /**
   * The pages, by file name.
   *
   * @param more sections in man(7) for the first one
   */
  static Map<String, String> of(CommandLine commands, String more, String version) {
    CommandSpec root = commands.getCommandSpec();
    var pages = new ManPages(root.usageMessage().exitCodeList(), more, version);
    var all = new LinkedHashMap<String, String>();
    List<String> names = new ArrayList<>(List.of(root.name()));
    for (CommandLine command : commands.getSubcommands().values()) {
      names.add(pageName(command.getCommandSpec()));
    }
    all.put(root.name() + "." + SECTION, pages.page(commands, names));
    for (CommandLine command : commands.getSubcommands().values()) {
      all.put(pageName(command.getCommandSpec()) + "." + SECTION, pages.page(command, names));
    }
    return all;
  }

  private static String pageName(CommandSpec command) {
    return command.qualifiedName("-");
  }

  private String page(CommandLine command, List<String> names) {
    CommandSpec spec = command.getCommandSpec();
    String name = pageName(spec);
    var page = new Page();
    page.line(
        ".TH %s %s \"\" \"Kmodwatch %s\" \"System administration\""
            .formatted(Page.text(name.toUpperCase(Locale.ROOT)), SECTION, Page.text(version)));
    page.section("NAME");
    String header = String.join(" ", lines(spec.usageMessage().header()));
    page.line(Page.text(name) + " \\- " + Page.text(withoutFullStop(header)));
    page.section("SYNOPSIS");
    synopsis(page, command);
    if (spec.usageMessage().description().length > 0) {
      page.section("DESCRIPTION");
      description(page, spec.usageMessage());
    }
    arguments(page, spec, true);
    commands(page, command);
    if (spec.parent() == null) {
      page.raw(more);
    }
    examples(page, spec.usageMessage(), true);
    page.section("EXIT STATUS");
    Map<String, String> own = spec.usageMessage().exitCodeList();
    (own.isEmpty() ? exitStatus : own)
        .forEach((status, meaning) -> page.item(Page.bold(status), List.of(meaning)));
    page.section("SEE ALSO");
    List<String> others = names.stream().filter(other -> !other.equals(name)).toList();
    for (int i = 0; i < others.size(); i++) {
      String comma = i + 1 < others.size() ? "," : "";
      page.line(".BR %s (%s)%s".formatted(Page.text(others.get(i)), SECTION, comma));
    }
    return page.toString();
  }

  private static void synopsis(Page page, CommandLine command) {
    Help help = new Help(command.getCommandSpec(), Help.defaultColorScheme(Ansi.OFF));
    String name = command.getCommandSpec().qualifiedName();
    String all = help.synopsis(0).replaceAll("\\s+", " ").strip();
    page.line(Page.bold(name) + Page.text(all.substring(name.length())));
  }

  private static void description(Page page, UsageMessageSpec usage) {
    boolean first = true;
    for (String paragraph : lines(usage.description())) {
      if (!paragraph.isBlank()) {
        page.paragraph(paragraph, first);
        first = false;
      }
    }
  }

  private static void arguments(Page page, CommandSpec spec, boolean sections) {
    List<PositionalParamSpec> parameters =
        spec.positionalParameters().stream().filter(each -> !each.hidden()).toList();
    List<OptionSpec> options = spec.options().stream().filter(each -> !each.hidden()).toList();
    if (sections && !(parameters.isEmpty() && options.isEmpty())) {
      page.section("OPTIONS");
    }
    for (PositionalParamSpec each : parameters) {
      page.item(Page.italic(each.paramLabel()), lines(each.description()));
    }
    for (OptionSpec each : options) {
      // What every command has stands in the page of each, and not with each command's commands.
      if (sections || !each.inherited()) {
        page.item(term(each), lines(each.description()));
      }
    }
  }

  private static String term(OptionSpec option) {
    var names = new ArrayList<String>();
    for (String name : option.names()) {
      names.add(Page.bold(name));
    }
    String term = String.join(", ", names);
    if (option.arity().max() == 0) {
      return term;
    }
    String value = Page.italic(option.paramLabel());
    return option.arity().min() == 0 ? term + "[=" + value + "]" : term + " " + value;
  }

  private void commands(Page page, CommandLine command) {
    if (command.getSubcommands().isEmpty()) {
      return;
    }
    page.section("COMMANDS");
    boolean isRoot = command.getCommandSpec().parent() == null;
    for (CommandLine each : command.getSubcommands().values()) {
      CommandSpec spec = each.getCommandSpec();
      if (isRoot) {
        page.item(
            ".BR %s (%s)".formatted(Page.text(pageName(spec)), SECTION),
            lines(spec.usageMessage().header()));
      } else {
        page.subsection(spec.qualifiedName());
        synopsis(page, each);
        for (String header : lines(spec.usageMessage().header())) {
          page.paragraph(header, false);
        }
        for (String paragraph : lines(spec.usageMessage().description())) {
          if (!paragraph.isBlank()) {
            page.paragraph(paragraph, false);
          }
        }
        arguments(page, spec, false);
        examples(page, spec.usageMessage(), false);
      }
    }
  }

  /** What stands at the end of a command's help, under its own headings: examples, files. */
  private static void examples(Page page, UsageMessageSpec usage, boolean sections) {
    List<String> footer = lines(usage.footer());
    String heading = String.format(usage.footerHeading()).strip();
    var block = new ArrayList<String>();
    for (String line : footer) {
      if (!line.startsWith(" ") && line.endsWith(":")) {
        page.block(heading, block, sections);
        heading = line;
        block.clear();
      } else if (!line.isBlank()) {
        block.add(line.strip());
      }
    }
    page.block(heading, block, sections);
  }

  private static String withoutFullStop(String text) {
    return text.endsWith(".") ? text.substring(0, text.length() - 1) : text;
  }

  /** As a person sees them: picocli has them as formats. */
  private static List<String> lines(String[] formats) {
    return Arrays.stream(formats).flatMap(format -> String.format(format).lines()).toList();
  }

  /** Text in man(7). */
  static final class Page {
    private final StringBuilder roff = new StringBuilder();

    /** {@code text} so that it is printed as it is, wherever it stands. */
    static String text(String text) {
      String escaped =
          text.replace("\\", "\\e")
              .replace("-", "\\-")
              .replace("'", "\\(aq")
              .replace("\"", "\\(dq");
      // A line that begins so is a request.
      return escaped.startsWith(".") ? "\\&" + escaped : escaped;
    }

    static String bold(String text) {
      return "\\fB" + text(text) + "\\fR";
    }

    static String italic(String text) {
      return "\\fI" + text(text) + "\\fR";
    }

    void line(String line) {
      roff.append(line).append('\n');
    }

    void raw(String text) {
      roff.append(text);
    }

    void section(String title) {
      line(".SH " + text(title));
    }

    void subsection(String title) {
      line(".SS \"" + text(title) + "\"");
    }

    void paragraph(String text, boolean first) {
      if (!first) {
        line(".PP");
      }
      line(text(text));
    }

    /** A term, or a request that makes one, and what it means. */
    void item(String term, List<String> meaning) {
      line(".TP");
      line(term);
      line(String.join("\n.br\n", meaning.stream().map(Page::text).toList()));
    }

    void block(String heading, List<String> lines, boolean section) {
      if (lines.isEmpty()) {
        return;
      }
      String title = heading.endsWith(":") ? heading.substring(0, heading.length() - 1) : heading;
      if (section) {
        section(title.toUpperCase(Locale.ROOT));
      } else {
        paragraph(title + ":", false);
      }
      line(".RS 4");
      line(".nf");
      lines.forEach(each -> line(text(each)));
      line(".fi");
      line(".RE");
    }

    @Override
    public String toString() {
      return roff.toString();
    }
  }
}
