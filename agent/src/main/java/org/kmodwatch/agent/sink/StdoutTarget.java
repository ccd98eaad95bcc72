package org.kmodwatch.agent.sink;

/** Stands for standard output. */
public record StdoutTarget() implements Target {

  @Override
  public String shown() {
    return "standard output";
  }
}
