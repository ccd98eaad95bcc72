package org.kmodwatch.agent.command;

import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.agent.host.HostFacts;
import org.kmodwatch.agent.identity.KernelKeys;
import org.kmodwatch.agent.identity.ModuleFiles;
import org.kmodwatch.agent.identity.ModuleReport;
import org.kmodwatch.agent.output.JsonText;
import org.kmodwatch.agent.shell.CommandException;
import org.kmodwatch.agent.shell.ExitStatus;
import org.kmodwatch.agent.shell.ReportFormat;
import org.kmodwatch.agent.shell.Shell;
import org.kmodwatch.image.ModuleImageException;
import org.kmodwatch.image.SigningCertificates;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Implements {@code kmodwatch inspect}. */
@Command(
    name = "inspect",
    header = "Say what module files are, who signed them and which package they are from.",
    description = {
      "",
      "Works on any module of any machine, compressed or not, and needs no privilege. Signatures"
          + " are checked with the certificates that are built into the kernels in /boot and"
          + " /usr/lib/modules, as far as they may be read, and the owner's own (MOK); or with"
          + " those of --certificates and no others.",
      "",
      "Ends with 65 if a file is no module, 69 if one cannot be read; the others are shown."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  kmodwatch inspect suspicious.ko",
      "  kmodwatch inspect --certificates vmlinuz-6.1.0-50-amd64 dummy.ko.xz",
      "  find /lib/modules -name '*.ko*' -exec kmodwatch inspect -o json {} + |",
      "    jq -r 'select(.signature.status != \"valid\") | .file'"
    })
public final class InspectCommand implements Callable<Integer> {

  @Parameters(arity = "1..*", paramLabel = "FILE", description = "Module files.")
  List<Path> files = new ArrayList<>();

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FORMAT",
      description = "table (default), or json: one line a file.")
  @Nullable String format;

  @Option(
      names = "--certificates",
      paramLabel = "FILE",
      description =
          "Check signatures with the certificates in this file: PEM, DER, vmlinuz or vmlinux.")
  List<Path> certificates = new ArrayList<>();

  private final Shell shell;

  public InspectCommand(Shell shell) {
    this.shell = shell;
  }

  @Override
  public Integer call() throws IOException {
    ReportFormat form = ReportFormat.choose(format);
    var modules =
        new ModuleFiles(
            shell.root(), HostFacts.kernelRelease(shell.root()).orElse(null), certificates());
    int status = ExitStatus.OK;
    String between = "";
    for (Path file : files) {
      ModuleReport report = null;
      try {
        report = modules.report(file);
      } catch (ModuleImageException e) {
        shell.complain("%s: %s".formatted(file, e.getMessage()));
        status = ExitStatus.BAD_INPUT;
      } catch (IOException e) {
        shell.complain(String.valueOf(e.getMessage()));
        status = status == ExitStatus.OK ? ExitStatus.UNAVAILABLE : status;
      }
      if (report != null) {
        switch (form) {
          case TABLE -> {
            shell.print(between + report.toText(shell.colour()));
            between = "\n";
          }
          case JSON -> shell.print(JsonText.line(report.toJson()) + "\n");
        }
      }
    }
    return status;
  }

  private List<X509Certificate> certificates() {
    if (certificates.isEmpty()) {
      return new KernelKeys(shell.root()).certificates();
    }
    var all = new ArrayList<X509Certificate>();
    for (Path file : certificates) {
      try {
        List<X509Certificate> found = SigningCertificates.of(file);
        if (found.isEmpty()) {
          throw new CommandException(
              ExitStatus.UNAVAILABLE,
              "no certificate in it, and it should be PEM, DER, vmlinuz or vmlinux: " + file);
        }
        all.addAll(found);
      } catch (NoSuchFileException e) {
        throw new CommandException(
            ExitStatus.UNAVAILABLE, "no such file, give one in PEM or DER, or a kernel: " + file);
      } catch (IOException e) {
        throw new CommandException(
            ExitStatus.UNAVAILABLE,
            "cannot read certificates, give a file in PEM or DER, or a kernel: " + e.getMessage());
      }
    }
    return all;
  }
}
