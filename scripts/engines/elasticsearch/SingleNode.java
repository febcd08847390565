import java.lang.reflect.Method;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import org.elasticsearch.common.logging.LogConfigurator;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.env.Environment;
import org.elasticsearch.node.InternalSettingsPreparer;
import org.elasticsearch.node.Node;
import org.elasticsearch.plugins.PluginsLoader;

/**
 * A node in this process: what Elasticsearch's own launcher does, without its second process, its sandbox for plugins
 * and its checks of the machine. The argument is the node's folder, with config/ and modules/ in it.
 */
final class SingleNode {
  private static final String NAME = "auxilio";

  public static void main(String[] arguments) {
    try {
      run(Path.of(arguments[0]));
    } catch (Throwable failure) {
      failure.printStackTrace();
      System.exit(1); // threads of a node that came half up would keep the process
    }
  }

  private static void run(Path home) throws Exception {
    Settings settings = Settings.builder().put("path.home", home).build();
    Environment environment =
        InternalSettingsPreparer.prepareEnvironment(settings, Map.of(), home.resolve("config"), () -> NAME);
    LogConfigurator.setNodeName(NAME);
    LogConfigurator.configure(environment, true);
    PluginsLoader plugins = PluginsLoader.createPluginsLoader(
        bundles("loadModulesBundles", environment.modulesDir()),
        bundles("loadPluginsBundles", environment.pluginsDir()),
        Map.of(),
        false);
    Node node = new Node(environment, plugins);
    Runtime.getRuntime().addShutdownHook(new Thread(() -> close(node)));
    node.start();
    Thread.currentThread().join(); // all threads of a node are daemons
  }

  /** Version 9 takes a second argument, false for what is not there to be tested as if it were built in. */
  @SuppressWarnings("unchecked")
  private static <T> T bundles(String name, Path folder) throws ReflectiveOperationException {
    Method loader = Arrays.stream(PluginsLoader.class.getMethods())
        .filter(method -> method.getName().equals(name))
        .findFirst()
        .orElseThrow(() -> new NoSuchMethodException(name));
    return (T) (loader.getParameterCount() == 1 ? loader.invoke(null, folder) : loader.invoke(null, folder, false));
  }

  private static void close(Node node) {
    try {
      node.close();
    } catch (Exception failure) {
      failure.printStackTrace();
    }
  }
}
