package org.kmodwatch.agent.sink;

/** Standard output. */
public record StdoutTarget() implements Target {

  @Override
  public String shown() {
    return "standard output";
  }
}
