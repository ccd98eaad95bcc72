package org.kmodwatch.bench;

import java.util.Locale;

/**
 * Draws sampled stacks as an SVG picture without a script, so that a Markdown page can show it.
 * Each frame is a box on top of its caller; its width is the number of samples. Frames below half a
 * per cent are drawn together.
 */
final class FlameGraph {

  private static final int WIDTH = 1_200;
  private static final int ROW = 17;
  private static final int HEAD = 26;
  private static final double CHAR_WIDTH = 6.7;
  private static final double LEAST_SHARE = 0.005;
  private static final String FEW = "(small ones)";

  private final StringBuilder boxes = new StringBuilder();
  private final long total;
  private int rows;

  private FlameGraph(long total) {
    this.total = total;
  }

  /**
   * Returns the picture of {@code tree}.
   *
   * @param title the title above the picture
   */
  static String draw(String title, StackTree tree) {
    var graph = new FlameGraph(Math.max(1, tree.weight()));
    graph.place(tree, 0, 0);
    int height = HEAD + graph.rows * ROW + 4;
    return ("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %1$d %2$d\""
            + " font-family=\"monospace\" font-size=\"11\">\n"
            + "<rect width=\"%1$d\" height=\"%2$d\" fill=\"#fff\"/>\n"
            + "<text x=\"6\" y=\"17\" font-size=\"14\">%3$s</text>\n"
            // The boxes are placed upwards from the bottom line.
            + "<g transform=\"translate(0 %4$d)\" stroke=\"#fff\" stroke-width=\".5\">\n%5$s</g>\n"
            + "</svg>\n")
        .formatted(WIDTH, height, escaped(title), height - 3, graph.boxes);
  }

  private void place(StackTree tree, double x, int row) {
    box(tree.frame(), tree.weight(), x, row);
    double at = x;
    long few = 0;
    for (StackTree callee : tree.callees()) {
      if (callee.weight() < LEAST_SHARE * total) {
        few += callee.weight();
      } else {
        place(callee, at, row + 1);
        at += width(callee.weight());
      }
    }
    if (few >= LEAST_SHARE * total) {
      box(FEW, few, at, row + 1);
    }
  }

  private void box(String frame, long weight, double x, int row) {
    rows = Math.max(rows, row + 1);
    double width = width(weight);
    int y = -(row + 1) * ROW;
    boxes.append(
        String.format(
            Locale.ROOT,
            "<g><title>%s %.1f %%</title><rect x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\""
                + " fill=\"%s\"/>",
            escaped(frame),
            100.0 * weight / total,
            x,
            y,
            width,
            ROW,
            color(frame)));
    String label = label(frame, (int) ((width - 4) / CHAR_WIDTH));
    if (!label.isEmpty()) {
      boxes.append(
          String.format(
              Locale.ROOT,
              "<text x=\"%.1f\" y=\"%d\" stroke=\"none\">%s</text>",
              x + 2,
              y + 12,
              escaped(label)));
    }
    boxes.append("</g>\n");
  }

  private double width(long weight) {
    return (double) WIDTH * weight / total;
  }

  /** Returns the part of class and method that fits; empty if only a fragment would fit. */
  private static String label(String frame, int chars) {
    int method = frame.lastIndexOf('.');
    int type = frame.lastIndexOf('.', method - 1);
    String name = frame.substring(type + 1);
    if (name.length() <= chars) {
      return name;
    }
    return chars < 4 ? "" : name.substring(0, chars - 1) + "…";
  }

  private static String color(String frame) {
    if (frame.startsWith("org.kmodwatch.")) {
      return "#f4a261";
    }
    if (frame.startsWith("tools.jackson.")) {
      return "#8ecae6";
    }
    return frame.startsWith("java.") || frame.startsWith("jdk.") || frame.startsWith("sun.")
        ? "#b7d8a8"
        : "#d9d9d9";
  }

  private static String escaped(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
  }
}
