package org.kmodwatch.agent.format;

import java.util.Optional;
import java.util.Set;
import org.kmodwatch.agent.output.Notice;

/** A format that is limited to some kinds of notices. */
final class OneKind implements Format {

  private final Set<Notice.Kind> kinds;
  private final Format format;

  OneKind(Set<Notice.Kind> kinds, Format format) {
    this.kinds = Set.copyOf(kinds);
    this.format = format;
  }

  @Override
  public Optional<byte[]> write(Notice.Report notice, String id) {
    return kinds.contains(notice.kind()) ? format.write(notice, id) : Optional.empty();
  }

  @Override
  public String contentType() {
    return format.contentType();
  }
}
