package org.kmodwatch.agent.output;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class UserNamesTest {

  @TempDir Path folder;

  @Test
  void nameOf_isTheNameInPasswd() throws IOException {
    Path passwd = folder.resolve("passwd");
    Files.writeString(passwd, "root:x:0:0::/root:/bin/sh\n+::::::\nann:x:1000:1000::/:/bin/sh\n");
    UserNames names = UserNames.of(passwd);
    assertThat(names.nameOf(0)).isEqualTo("root");
    assertThat(names.nameOf(1000)).isEqualTo("ann");
    assertThat(names.nameOf(7)).isEqualTo("uid 7");
  }

  @Test
  void nameOf_seesNewUsers_whenTheFileChanged() throws IOException {
    Path passwd = folder.resolve("passwd");
    Files.writeString(passwd, "root:x:0:0::/root:/bin/sh\n");
    UserNames names = UserNames.of(passwd);
    assertThat(names.nameOf(1)).isEqualTo("uid 1");
    Files.writeString(passwd, "root:x:0:0::/root:/bin/sh\nbob:x:1:1::/:/bin/sh\n");
    Files.setLastModifiedTime(passwd, FileTime.from(Instant.ofEpochSecond(1)));
    assertThat(names.nameOf(1)).isEqualTo("bob");
  }

  @Test
  void nameOf_isTheNameAgain_onceTheFileCanBeReadAgain() throws IOException {
    Path passwd = folder.resolve("passwd");
    Files.writeString(passwd, "ann:x:1000:1000::/:/bin/sh\n");
    UserNames names = UserNames.of(passwd);
    assertThat(names.nameOf(1000)).isEqualTo("ann");

    Path aside = Files.move(passwd, folder.resolve("aside"));
    Files.createDirectory(passwd);
    assertThat(names.nameOf(1)).isEqualTo("uid 1");
    Files.delete(passwd);
    Files.move(aside, passwd);

    assertThat(names.nameOf(1000)).isEqualTo("ann");
  }

  @Test
  void nameOf_isTheNumber_withoutPasswd() {
    assertThat(UserNames.of(folder.resolve("none")).nameOf(0)).isEqualTo("uid 0");
    assertThat(UserNames.numbers().nameOf(4294967295L)).isEqualTo("uid 4294967295");
  }
}
