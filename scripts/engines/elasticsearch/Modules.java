import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.jar.JarOutputStream;
import java.util.stream.Collectors;

/**
 * Lays the folder modules/ beside lib/ and classes/. A module is a folder of jars with a descriptor. A jar of one that
 * is on the class path as well keeps the node from starting, hence moved rather than copied. The arguments are the
 * folder above all these and the version of Elasticsearch.
 */
final class Modules {
  private static final String DESCRIPTOR = "plugin-descriptor.properties";

  public static void main(String[] arguments) throws IOException {
    Path folder = Path.of(arguments[0]);
    layNetty(folder);
    layGreeting(folder, arguments[1]);
  }

  private static void layNetty(Path folder) throws IOException {
    Path module = Files.createDirectories(folder.resolve("modules/transport-netty4"));
    for (Path jar : matches(folder.resolve("lib"), "{transport-netty4,netty}-*.jar"))
      Files.move(jar, module.resolve(jar.getFileName()));
    Path own = matches(module, "transport-netty4-*.jar").get(0);
    try (JarFile jar = new JarFile(own.toFile())) {
      JarEntry entry = jar.getJarEntry("META-INF/es-plugins/transport-netty4/" + DESCRIPTOR);
      try (InputStream in = jar.getInputStream(entry)) {
        // It names a Java module, which wants the server on the module path; without that line the class path will do.
        String text = new String(in.readAllBytes(), StandardCharsets.UTF_8)
            .lines()
            .filter(line -> !line.startsWith("modulename"))
            .collect(Collectors.joining("\n"));
        Files.writeString(module.resolve(DESCRIPTOR), text);
      }
    }
  }

  private static void layGreeting(Path folder, String version) throws IOException {
    Path module = Files.createDirectories(folder.resolve("modules/greeting"));
    Files.writeString(module.resolve(DESCRIPTOR), String.join("\n",
        "name=greeting",
        "description=answers GET /",
        "version=" + version,
        "elasticsearch.version=" + version,
        "java.version=17",
        "classname=Greeting"));
    try (OutputStream file = Files.newOutputStream(module.resolve("greeting.jar"));
        JarOutputStream jar = new JarOutputStream(file)) {
      for (Path made : matches(folder.resolve("classes"), "Greeting*.class")) {
        jar.putNextEntry(new JarEntry(made.getFileName().toString()));
        Files.copy(made, jar);
        jar.closeEntry();
        Files.delete(made);
      }
    }
  }

  private static List<Path> matches(Path folder, String glob) throws IOException {
    List<Path> found = new ArrayList<>();
    try (DirectoryStream<Path> all = Files.newDirectoryStream(folder, glob)) {
      all.forEach(found::add);
    }
    return found;
  }
}
